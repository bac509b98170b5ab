import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** At most so often something is asked for anew because something else has changed. */
const pause = 2000;

/** useTurn is a number that grows when next was called, at most once in a while: of many changes at once the last is not lost. */
export function useTurn(): { turn: number; next: () => void } {
  const turn = useSignal(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const again = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  const next = () => {
    if (timer.current) {
      again.current = true;
      return;
    }
    turn.value++;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (!again.current) return;
      again.current = false;
      next();
    }, pause);
  };
  return { turn: turn.value, next };
}

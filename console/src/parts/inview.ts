import { useEffect, useRef } from 'preact/hooks';

/** useInView brings the part into view in which an answer is shown, each time that there is another: below the window's edge it would be none. */
export function useInView(answer: unknown) {
  const part = useRef<HTMLElement>(null);
  useEffect(() => {
    if (answer) part.current?.scrollIntoView({ block: 'nearest' });
  }, [answer]);
  return part;
}

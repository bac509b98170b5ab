import { signal, useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { offline } from '../api/failure.ts';
import { Failed, Loading } from './state.tsx';

/** later is a part whose code is loaded when it is first shown: a page, a dialog. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const part = signal<ComponentType<Props> | undefined>(undefined);
  return (props) => {
    const failed = useSignal(false);
    useEffect(() => {
      void load().then(
        (loaded) => (part.value = loaded),
        () => (failed.value = true),
      );
    }, []);
    const Part = part.value;
    // A browser remembers that a file did not come, and a newer server has others: the page itself is loaded anew.
    if (failed.value) return <Failed failure={offline()} again={() => location.reload()} />;
    return Part ? <Part {...props} /> : <Loading />;
  };
}

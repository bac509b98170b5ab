import { signal, useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { Failure, offline } from '../api/failure.ts';
import { Failed, Loading } from './state.tsx';

const reload = () => location.reload();

/** later is a part whose code is loaded when it is first shown: a page, a dialog. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const part = signal<ComponentType<Props> | undefined>(undefined);
  return (props) => {
    const failure = useSignal<Failure | undefined>(undefined);
    useEffect(() => {
      void load().then(
        (loaded) => (part.value = loaded),
        // Where the server answers all the same it is a newer one, which has other files.
        () =>
          fetch('/console').then(
            ({ ok }) => (failure.value = ok ? new Failure([{ code: 'NEW_VERSION', message: '' }]) : offline()),
            () => {
              failure.value = offline();
              addEventListener('online', reload, { once: true });
            },
          ),
      );
    }, []);
    const Part = part.value;
    // A browser remembers that a file did not come: the page itself is loaded anew.
    if (failure.value) return <Failed failure={failure.value} again={reload} />;
    return Part ? <Part {...props} /> : <Loading />;
  };
}

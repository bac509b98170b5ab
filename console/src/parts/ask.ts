import { useSignal, type Signal } from '@preact/signals';
import type { TadaDocumentNode } from 'gql.tada';
import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { Failure } from '../api/failure.ts';
import { renewed } from '../api/session.ts';

export interface Asked<Data> {
  /** The last answer. It stays while it is asked for anew, so that nothing jumps. */
  data: Signal<Data | undefined>;
  failure: Signal<Failure | undefined>;
  busy: Signal<boolean>;
  again: () => void;
}

/** useAsk keeps the answer to a query, anew with other variables and another round. Null: nothing is asked yet. */
export function useAsk<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables | null,
  round = 0,
): Asked<Data> {
  const data = useSignal<Data | undefined>(undefined);
  const failure = useSignal<Failure | undefined>(undefined);
  const busy = useSignal(true);
  const turn = useSignal(0);
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (!variables) return;
    let current = true;
    busy.value = true;
    ask(document, variables)
      .then((answer) => {
        if (!current) return;
        data.value = answer;
        failure.value = undefined;
      })
      .catch((reason: unknown) => {
        if (!(reason instanceof Failure)) throw reason;
        if (current) failure.value = reason;
      })
      .finally(() => {
        if (current) busy.value = false;
      });
    return () => {
      current = false;
    };
  }, [key, round, turn.value, renewed.value]);
  const away = failure.value?.code === 'OFFLINE';
  useEffect(() => {
    const again = () => void turn.value++;
    if (away) addEventListener('online', again);
    return () => removeEventListener('online', again);
  }, [away]);
  return { data, failure, busy, again: () => turn.value++ };
}

/** useEvery asks again and again for as long as something goes on, and somebody looks. */
export function useEvery(ms: number, goesOn: boolean, again: () => void): void {
  useEffect(() => {
    if (!goesOn) return;
    const timer = setInterval(() => document.hidden || again(), ms);
    return () => clearInterval(timer);
  }, [ms, goesOn]);
}

/** useSeen does something when somebody looks at the page again: others may have changed what it shows. */
export function useSeen(again: () => void): void {
  useEffect(() => {
    const seen = () => document.hidden || again();
    addEventListener('focus', seen);
    document.addEventListener('visibilitychange', seen);
    return () => {
      removeEventListener('focus', seen);
      document.removeEventListener('visibilitychange', seen);
    };
  }, []);
}

/** useAct carries out a mutation: busy while it is under way, and with the failure until it is tried again. */
export function useAct() {
  const busy = useSignal(false);
  const failure = useSignal<Failure | undefined>(undefined);
  const act = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    if (busy.peek()) return undefined;
    busy.value = true;
    failure.value = undefined;
    try {
      return await work();
    } catch (reason) {
      if (!(reason instanceof Failure)) throw reason;
      failure.value = reason;
      return undefined;
    } finally {
      busy.value = false;
    }
  };
  return { busy, failure, act };
}

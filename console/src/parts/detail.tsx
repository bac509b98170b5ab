import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { graphql } from '../api/graphql.ts';
import { here, place, useHere } from '../place.ts';
import { mayChange } from '../settings/role.ts';
import { texts } from '../texts/work.ts';
import { useAct, useAsk } from './ask.ts';
import { Dialog } from './controls.tsx';
import { Failed, Loaded } from './state.tsx';

const where = graphql(`query Where($id: ObjectID!) { getProject(id: $id) { ...Here } }`, [here]);

/** InProject shows what is within once it is known where that is. */
export function InProject({ id, children }: { id: string; children: ComponentChildren }) {
  const asked = useAsk(where, { id });
  useHere(asked.data.value?.getProject);
  return (
    <Loaded of={asked}>
      {() => (
        <>
          <ReadOnly />
          {children}
        </>
      )}
    </Loaded>
  );
}

/** Facts are names with their values; what has none is left out. */
export function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {of.map(
        ([name, value]) =>
          value !== null && value !== undefined && value !== '' && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** Value is JSON with its lines, behind its name. Null: there is none. */
export function Value({ name, of, open }: { name: string; of: unknown; open?: boolean }) {
  if (of === null || of === undefined) return null;
  return (
    <details open={open}>
      <summary>{name}</summary>
      <pre>{JSON.stringify(of, null, 2)}</pre>
    </details>
  );
}

/** ReadOnly says why there is nothing to do for those who may only look at a project. */
export const ReadOnly = () => (mayChange('project', place.value.role) ? null : <p class="note">{texts.value.readOnly}</p>);

/** Act is a button for something that is done to what is shown, asked about first where it cannot be undone. */
export function Act({ label, sure, work }: { label: string; sure?: string; work: () => Promise<unknown> }) {
  const asking = useSignal(false);
  const { busy, failure, act } = useAct();
  const run = async () => {
    await act(work);
    asking.value = false;
  };
  return (
    <>
      <button type="button" disabled={busy.value} onClick={() => (sure ? (asking.value = true) : void run())}>
        {label}
      </button>
      {asking.value && (
        <Dialog title={label} onClose={() => (asking.value = false)}>
          <p>{sure}</p>
          <p class="row">
            <button type="button" class="primary" disabled={busy.value} onClick={() => void run()}>
              {label}
            </button>
            <button type="button" onClick={() => (asking.value = false)}>
              {texts.value.back}
            </button>
          </p>
        </Dialog>
      )}
      {failure.value && <Failed failure={failure.value} />}
    </>
  );
}

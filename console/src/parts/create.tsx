import { useSignal } from '@preact/signals';
import { texts } from '../texts/work.ts';
import { useAct } from './ask.ts';
import { Dialog, Field } from './controls.tsx';
import { Failed } from './state.tsx';

type FieldName = keyof typeof texts.value.fields;

/** What a form asks for: names of the mutation's input, those with a value needed ending in *, with the choices that one has. */
export type Fields = Partial<Record<FieldName | `${FieldName}*`, readonly string[]>>;

/** Create is a button with a form behind it. What is left empty is not sent, each problem stands at its own field, and what was made is shown. */
export function Create({ label, fields, values = {}, work }: {
  label: string;
  fields: Fields;
  values?: Record<string, string | null>;
  /** It returns what is shown this once, if there is something. */
  work: (input: never) => Promise<string | void>;
}) {
  const open = useSignal(false);
  const typed = useSignal<Record<string, string | null>>({});
  const once = useSignal('');
  const { busy, failure, act } = useAct();
  const list = Object.entries(fields).map(([name, choices]) => ({ name: name.replace('*', '') as FieldName, needed: name.endsWith('*'), choices: choices! }));
  const close = () => {
    open.value = false;
    typed.value = {};
    once.value = '';
    failure.value = undefined;
  };
  const elsewhere = failure.value && !failure.value.problems.every(({ field }) => list.some(({ name }) => field === name || field?.startsWith(`${name}.`)));
  return (
    <>
      <button type="button" onClick={() => (open.value = true)}>
        {label}
      </button>
      {open.value && (
        <Dialog title={label} onClose={close}>
          {once.value ? (
            <p>
              {texts.value.once} <code>{once.value}</code>
            </p>
          ) : (
            <form
              onSubmit={(event) => {
                event.preventDefault();
                void act(async () => {
                  once.value = (await work(typed.value as never)) || '';
                  if (!once.value) close();
                });
              }}
            >
              {list.map(({ name, needed, choices }) => (
                <Field key={name} label={texts.value.fields[name]} problem={failure.value?.of(name)}>
                  {(props) => {
                    const value = (name in typed.value ? typed.value : values)[name] ?? '';
                    const set = (event: { currentTarget: { value: string } }) => {
                      const next = event.currentTarget.value;
                      const { [name]: _, ...others } = typed.value;
                      // What was there is taken away by null; what was not is left out.
                      typed.value = next || values[name] ? { ...others, [name]: next || null } : others;
                    };
                    return choices.length ? (
                      <select {...props} required={needed} onChange={set}>
                        {['', ...choices].map((one) => (
                          <option key={one} selected={one === value}>
                            {one}
                          </option>
                        ))}
                      </select>
                    ) : (
                      <input {...props} required={needed} value={value} onInput={set} />
                    );
                  }}
                </Field>
              ))}
              {elsewhere && <Failed failure={failure.value!} />}
              <button class="primary" disabled={busy.value}>
                {texts.value.save}
              </button>
            </form>
          )}
        </Dialog>
      )}
    </>
  );
}

import { batch, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { Failure } from '../api/failure.ts';
import { credential } from '../api/session.ts';
import { useAct } from '../parts/ask.ts';
import { Field } from '../parts/controls.tsx';
import { number, sentences } from '../parts/format.ts';
import { ownerInput, type Owner } from '../parts/owner.ts';
import { later } from '../parts/later.tsx';
import { Failed } from '../parts/state.tsx';
import { locale, texts } from '../texts/texts.ts';
import { check, saveAccount, saveProject, type AccountSettings, type Check, type ProjectSettings } from './data.ts';
import { changed, changes, sentPlaces, valuesOf, type Header, type Values } from './values.ts';

const Conflict = later(async () => (await import('./conflict.tsx')).Conflict);

/** What was typed and not saved when another page was opened: it is there again when its form is. */
const drafts = new Map<string, { saved: Values; version: number; values: Values }>();

/** How long nothing has to be typed before what was typed is checked. */
const rest = 400;

/** useForm keeps what was typed through errors, the session's end and what others change. */
export function useForm(owner: Owner, settings: ProjectSettings | AccountSettings) {
  const key = [credential.peek(), owner.kind, owner.id].join();
  const draft = drafts.get(key);
  const saved = useSignal<Values>(draft?.saved ?? valuesOf(settings));
  const version = useSignal(draft?.version ?? settings.version);
  const values = useSignal<Values>(draft?.values ?? valuesOf(settings));
  useEffect(() => {
    drafts.delete(key);
    return () => {
      if (changed(saved.peek(), values.peek())) drafts.set(key, { saved: saved.peek(), version: version.peek(), values: values.peek() });
    };
  }, []);
  const checked = useSignal<Check | undefined>(undefined);
  const moved = useSignal<number | undefined>(undefined);
  const saving = useAct();
  const dirty = changed(saved.value, values.value);
  const take = (from: ProjectSettings | AccountSettings) =>
    batch(() => {
      saved.value = valuesOf(from);
      version.value = from.version;
      values.value = valuesOf(from);
      checked.value = undefined;
    });

  useEffect(() => {
    if (settings.version !== version.peek() && !dirty) take(settings);
  }, [settings]);

  const { url, headers } = values.value;
  const wanted = JSON.stringify([url, headers]);
  useEffect(() => {
    if (!dirty) {
      checked.value = undefined;
      return;
    }
    let current = true;
    const timer = setTimeout(async () => {
      const { apiCallbackUrl, apiCallbackHeaders } = changes(saved.peek(), values.peek());
      const answer = await ask(check, {
        input: { owner: ownerInput(owner), ...(apiCallbackUrl !== undefined && { url: apiCallbackUrl }), ...(apiCallbackHeaders && { headers: apiCallbackHeaders }) },
      }).catch((reason: unknown) => {
        if (!(reason instanceof Failure)) throw reason;
      });
      if (current && answer) checked.value = answer.checkCallback;
    }, rest);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted, dirty]);

  const save = (ifVersion = version.peek()) =>
    saving.act(async () => {
      const input = { ifVersion, ...changes(saved.peek(), values.peek()) };
      moved.value = undefined;
      if (owner.kind === 'project') {
        const { updateProject } = await ask(saveProject, { input: { projectId: owner.id, ...input } });
        take(updateProject.project);
        moved.value = updateProject.movedCallbacks;
        return updateProject.project;
      }
      const { updateAccount } = await ask(saveAccount, { input: { accountId: owner.id, ...input } });
      take(updateAccount.account);
      moved.value = updateAccount.movedCallbacks;
      return updateAccount.account;
    });
  const undo = () => {
    values.value = saved.peek();
    saving.failure.value = undefined;
  };
  return { saved, values, checked, moved, saving, dirty, save, undo };
}

export type Form = ReturnType<typeof useForm>;

/** problemsOf are the sentences about a field: those that the mutation has said, and those of the check. */
function problemsOf(form: Form, field: string): { problem?: string; warning?: string } {
  const found = (severity: string) =>
    sentences(
      ...(form.checked.value?.problems ?? [])
        .filter((problem) => problem.severity === severity && (problem.field === field || problem.field.startsWith(`${field}.`)))
        .map(({ message }) => message),
    ) || undefined;
  return { problem: found('ERROR') ?? (form.saving.failure.value?.of(field) || undefined), warning: found('WARNING') };
}

/** FormFields are the URL, the headers and the limits, each with what is wrong with it. */
export function FormFields({ form, owner, locked }: { form: Form; owner: Owner; locked: boolean }) {
  const t = texts.value.settings;
  const set = (change: Partial<Values>) => (form.values.value = { ...form.values.peek(), ...change });
  const { url, headers } = form.values.value;
  const denied = form.checked.value?.addresses.some(({ verdict }) => verdict === 'DENIED');
  return (
    <>
      <Field label={owner.kind === 'project' ? t.url : t.accountUrl} {...problemsOf(form, 'apiCallbackUrl')} hint={denied ? undefined : t.urlHints[owner.kind]}>
        {(props) => (
          <input
            {...props}
            type="url"
            inputMode="url"
            spellcheck={false}
            autocomplete="off"
            placeholder="https://"
            readOnly={locked}
            value={url}
            onInput={(event) => set({ url: event.currentTarget.value })}
          />
        )}
      </Field>
      <fieldset class="field">
        <legend>{t.headers}</legend>
        <Headers form={form} headers={headers} locked={locked} set={(list) => set({ headers: list })} />
        <p class="hint">{t.headerHints[owner.kind]}</p>
      </fieldset>
      <details class="field" open={Boolean(form.saved.value.maxInFlight || form.saved.value.maxPerSecond)}>
        <summary>{t.limits}</summary>
        <p class="hint">{t.limitsHint}</p>
        {(['maxInFlight', 'maxPerSecond'] as const).map((name) => (
          <Field key={name} label={t[name]} {...problemsOf(form, name === 'maxInFlight' ? 'apiCallbackMaxInFlight' : 'apiCallbackMaxPerSecond')}>
            {(props) => (
              <input
                {...props}
                type="number"
                min="1"
                placeholder={t.noLimit}
                readOnly={locked}
                value={form.values.value[name]}
                onInput={(event) => set({ [name]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
      </details>
    </>
  );
}

function Headers({ form, headers, locked, set }: { form: Form; headers: Header[]; locked: boolean; set: (headers: Header[]) => void }) {
  const t = texts.value.settings;
  const shown = useSignal(new Set<number>());
  const places = sentPlaces(headers);
  const added = useRef(-1);
  const change = (place: number, part: Partial<Header>) => set(headers.map((header, at) => (at === place ? { ...header, ...part } : header)));
  return (
    <>
      {headers.map((header, place) => {
        const { problem, warning } = problemsOf(form, `apiCallbackHeaders.${places.indexOf(place)}`);
        const open = shown.value.has(place);
        return (
          <div key={place} class="header">
            <input
              aria-label={t.headerName(place + 1)}
              placeholder={t.name}
              ref={(field) => {
                if (!field || added.current !== place) return;
                added.current = -1;
                field.focus();
              }}
              aria-invalid={Boolean(problem)}
              spellcheck={false}
              autocomplete="off"
              readOnly={locked}
              value={header.key}
              onInput={(event) => change(place, { key: event.currentTarget.value })}
            />
            <input
              aria-label={t.headerValue(header.key || String(place + 1))}
              placeholder={t.value}
              aria-invalid={Boolean(problem)}
              type={(open ? 'text' : 'password') as 'text'}
              spellcheck={false}
              autocomplete="off"
              readOnly={locked}
              value={header.value}
              onInput={(event) => change(place, { value: event.currentTarget.value })}
            />
            <button
              type="button"
              class="quiet"
              aria-pressed={open}
              onClick={() => {
                const next = new Set(shown.peek());
                if (!next.delete(place)) next.add(place);
                shown.value = next;
              }}
            >
              {open ? texts.value.hide : texts.value.show}
              <span class="unseen"> {header.key}</span>
            </button>
            {!locked && (
              <button
                type="button"
                class="quiet"
                aria-label={t.removeHeader(header.key)}
                onClick={() => {
                  shown.value = new Set();
                  set(headers.filter((_, at) => at !== place));
                }}
              >
                ✕
              </button>
            )}
            {(problem || warning) && (
              <p class="hint" role="status">
                {problem ? <span class="bad">✕ {problem}</span> : <span class="wait">▲ {warning}</span>}
              </p>
            )}
          </div>
        );
      })}
      {!locked && headers.length < 20 && (
        <button
          type="button"
          class="link"
          onClick={() => {
            added.current = headers.length;
            set([...headers, { key: '', value: '' }]);
          }}
        >
          + {t.addHeader}
        </button>
      )}
      {headers.length === 0 && locked && <p class="soft">{texts.value.none}</p>}
    </>
  );
}

/** FormActions save, or say why not; where somebody else was faster they show both. */
export function FormActions({ form, again, done }: { form: Form; again: () => void; done: () => void }) {
  const t = texts.value.settings;
  const failure = form.saving.failure.value;
  const fieldless = failure && !failure.current && !failure.problems.every(({ field }) => field?.startsWith('apiCallback'));
  const save = async (ifVersion?: number) => {
    if (await form.save(ifVersion)) done();
  };
  return (
    <>
      {failure?.current && <Conflict form={form} current={failure.current} keep={(version) => void save(version)} take={again} />}
      {fieldless && <Failed failure={failure} again={() => void save()} />}
      <p class="row">
        <button type="submit" class="primary" aria-disabled={!form.dirty || form.saving.busy.value || form.checked.value?.ok === false}>
          {texts.value.save}
        </button>
        {form.dirty && (
          <button type="button" onClick={form.undo}>
            {t.undo}
          </button>
        )}
        <span role="status" class="ok">
          {!form.dirty && form.moved.value !== undefined && `✓ ${t.saved} ${form.moved.value ? t.moved(movedText(form.moved.value)) : ''}`}
        </span>
      </p>
    </>
  );
}

export const movedText = (moved: number) => (moved > 10_000 ? `> ${number(10_000, locale.value)}` : number(moved, locale.value));

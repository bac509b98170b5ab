import { Time } from '../parts/time.tsx';
import { texts } from '../texts/texts.ts';
import type { Form } from './form.tsx';

/** Conflict shows what somebody else has saved beside what was typed. */
export function Conflict({ form, current, keep, take }: {
  form: Form;
  current: Record<string, unknown>;
  keep: (version: number) => void;
  take: () => void;
}) {
  const t = texts.value.settings;
  const { url, headers, maxInFlight, maxPerSecond } = form.values.value;
  const names = (current.apiCallbackHeaderKeys as string[] | undefined) ?? [];
  return (
    <div class="failed" role="alert">
      <p>
        <b>{t.conflict}</b> <Time at={String(current.updatedAt)} />
      </p>
      <table class="both">
        <thead>
          <tr>
            <td />
            <th scope="col">{t.theirs}</th>
            <th scope="col">{t.yours}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">URL</th>
            <td class="mono">{String(current.apiCallbackUrl ?? '–')}</td>
            <td class="mono">{url || '–'}</td>
          </tr>
          <tr>
            <th scope="row">{t.headers}</th>
            <td class="mono">{names.join(', ') || '–'}</td>
            <td class="mono">{headers.map(({ key }) => key).join(', ') || '–'}</td>
          </tr>
          {([[t.maxInFlight, current.apiCallbackMaxInFlight, maxInFlight], [t.maxPerSecond, current.apiCallbackMaxPerSecond, maxPerSecond]] as const).map(
            ([name, theirs, yours]) =>
              (theirs || yours) && (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{String(theirs ?? '–')}</td>
                  <td>{yours || '–'}</td>
                </tr>
              ),
          )}
        </tbody>
      </table>
      <p class="row">
        <button type="button" class="primary" onClick={() => keep(Number(current.version))}>
          {t.keepMine}
        </button>
        <button
          type="button"
          onClick={() => {
            form.undo();
            take();
          }}
        >
          {t.takeTheirs}
        </button>
      </p>
    </div>
  );
}

import { useSignal } from '@preact/signals';
import { CopyButton } from '../parts/controls.tsx';
import { formFields, prettyJSON } from '../parts/format.ts';
import { Time } from '../parts/time.tsx';
import { texts } from '../texts/texts.ts';

/** How much of a text is shown: more of it only makes the page slow. What is copied has all. */
const mostShown = 100_000;

export function HeaderList({ title, of }: { title: string; of?: { name: string; value: string }[] | null }) {
  if (!of) return null;
  return (
    <details>
      <summary>
        {title} <small>{of.length}</small>
      </summary>
      <pre tabIndex={0} aria-label={title}>{of.map(({ name, value }) => `${name}: ${value}`).join('\n')}</pre>
    </details>
  );
}

/** Body shows what was sent or came back: as it is, or so that people can read it. */
export function Body({ title, type, text, cut, gone }: { title: string; type: string; text: string; cut?: boolean; gone?: string | null }) {
  const t = texts.value.detail;
  const raw = useSignal(false);
  const small = text.length <= mostShown;
  const form = small && /^application\/x-www-form-urlencoded/.test(type) ? formFields(text) : null;
  const json = small && !form ? prettyJSON(text) : null;
  return (
    <>
      <h4 class="row">
        {title} <small>{type}</small>
        <span class="end">
          {(form ?? json) && (
            <button type="button" class="link" onClick={() => (raw.value = !raw.value)}>
              {raw.value ? t.pretty : t.raw}
            </button>
          )}
          {text && <CopyButton quiet text={text} />}
        </span>
      </h4>
      {gone && (
        <p class="hint">
          {t.deleted} <Time at={gone} whole />
        </p>
      )}
      {form && !raw.value ? (
        <table class="form">
          <tbody>
            {form.map(([name, value], index) => (
              <tr key={index}>
                <th scope="row">{name}</th>
                <td>{value || <span class="soft">{t.empty}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        text && <pre tabIndex={0} aria-label={title}>{(!raw.value && json) || text.slice(0, mostShown)}</pre>
      )}
      {(cut || !small) && <p class="hint">{cut ? t.cut : t.long}</p>}
    </>
  );
}

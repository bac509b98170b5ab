import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { fromField, startOfDay, toField } from '../parts/format.ts';
import { zone } from '../parts/time.tsx';
import { go, parameters, withParameters } from '../route.ts';
import { texts } from '../texts/texts.ts';
import { causes, events, filterNames, filters, orders, statuses, statusRange, type FilterName } from './filters.ts';

/** Narrow changes filters; the open callback is another list's then. */
export const narrowed = (change: Record<string, string | string[] | null>) => withParameters({ ...change, callback: null });
const narrow = (change: Record<string, string | string[] | null>) => go(narrowed(change), true);

const long = filterNames.filter((name) => !['status', 'event', 'cause', 'q', 'createdAfter', 'createdBefore'].includes(name));

/** FilterBar has every filter of the API; each that is set can be taken away by itself. */
export function FilterBar() {
  const t = texts.value.filters;
  const search = parameters.value;
  const chosen = (name: FilterName) => search.getAll(name);
  return (
    <div class="filters" role="search" aria-label={t.title}>
      <Search />
      <Choose name="status" options={statuses} />
      <Choose name="event" options={events} />
      <Choose name="cause" options={causes} />
      <Drop label={t.names.created} value={search.get('createdAfter') || search.get('createdBefore') ? '✓' : t.any}>
        <p class="row">
          {([[t.today, 0], [t.week, 6], [t.month, 29]] as const).map(([text, days]) => (
            <button key={days} type="button" onClick={() => narrow({ createdAfter: startOfDay(new Date(), zone(), days), createdBefore: null })}>
              {text}
            </button>
          ))}
        </p>
        <Plain name="createdAfter" />
        <Plain name="createdBefore" />
      </Drop>
      <Drop label={t.more} value={String(long.filter((name) => chosen(name).length).length || '')}>
        <div class="long">
          {long.map((name) => (
            <Plain key={name} name={name} />
          ))}
          <label class="filter">
            {t.order}
            <select value={search.get('order') ?? 'CREATED'} onChange={(event) => narrow({ order: event.currentTarget.value === 'CREATED' ? null : event.currentTarget.value })}>
              {orders.map((order) => (
                <option key={order} value={order} selected={order === (search.get('order') ?? 'CREATED')}>
                  {t.orders[order]}
                </option>
              ))}
            </select>
          </label>
          <label class="option">
            <input type="checkbox" checked={search.get('dir') === 'ASC'} onChange={(event) => narrow({ dir: event.currentTarget.checked ? 'ASC' : null })} /> {t.oldestFirst}
          </label>
        </div>
      </Drop>
      <Chips />
    </div>
  );
}

function Search() {
  const t = texts.value.filters;
  const typed = useSignal(parameters.value.get('q') ?? '');
  const given = parameters.value.get('q') ?? '';
  useEffect(() => void (typed.value = given), [given]);
  useEffect(() => {
    if (typed.value.trim() === given) return;
    const timer = setTimeout(() => narrow({ q: typed.value.trim() }), 300);
    return () => clearTimeout(timer);
  }, [typed.value]);
  return (
    <input
      id="search"
      type="search"
      aria-label={t.search}
      placeholder={t.placeholder}
      spellcheck={false}
      value={typed}
      onInput={(event) => (typed.value = event.currentTarget.value)}
    />
  );
}

/** Drop opens below its button, and closes when something else is clicked, or by Escape. */
function Drop({ label, value, children }: { label: string; value: string; children: ComponentChildren }) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const box = details.current;
      if (!box?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== 'Escape') return;
        box.querySelector('summary')?.focus();
      } else if (box.contains(event.target as Node)) return;
      box.open = false;
    };
    document.addEventListener('click', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('click', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  return (
    <details class="drop" ref={details}>
      <summary class="button">
        {label} <b>{value}</b>
      </summary>
      <div class="panel">{children}</div>
    </details>
  );
}

function Choose({ name, options }: { name: 'status' | 'event' | 'cause'; options: readonly string[] }) {
  const t = texts.value.filters;
  const chosen = parameters.value.getAll(name);
  return (
    <Drop label={t.names[name]} value={chosen.length === 0 ? t.any : chosen.length < 3 ? chosen.map((value) => wordOf(name, value)).join(', ') : String(chosen.length)}>
      {options.map((option) => (
        <label key={option} class="option" title={option}>
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={(event) => narrow({ [name]: event.currentTarget.checked ? [...chosen, option] : chosen.filter((one) => one !== option) })}
          />{' '}
          {wordOf(name, option)}
        </label>
      ))}
    </Drop>
  );
}

function Plain({ name }: { name: FilterName }) {
  const t = texts.value.filters;
  const { kind } = filters[name];
  const value = parameters.value.get(name) ?? '';
  if (kind === 'flag') {
    return (
      <label class="filter">
        {t.names[name]}
        <select value={value} onChange={(event) => narrow({ [name]: event.currentTarget.value })}>
          <option value="">{t.any}</option>
          <option value="true" selected={value === 'true'}>
            {t.yes}
          </option>
          <option value="false" selected={value === 'false'}>
            {t.no}
          </option>
        </select>
      </label>
    );
  }
  return (
    <label class="filter">
      {t.names[name]}
      <input
        type={(kind === 'time' ? 'datetime-local' : kind === 'number' ? 'number' : 'text') as 'text'}
        min={kind === 'number' ? 1 : undefined}
        placeholder={kind === 'status' ? '503, 5xx, 400-499' : undefined}
        aria-invalid={kind === 'status' && value !== '' && !statusRange(value)}
        spellcheck={false}
        value={kind === 'time' ? toField(value, zone()) : value}
        onChange={(event) => narrow({ [name]: kind === 'time' ? fromField(event.currentTarget.value, zone()) : event.currentTarget.value.trim() })}
      />
    </label>
  );
}

/** wordOf says a filter's value as people read it. */
export function wordOf(name: FilterName, value: string): string {
  const t = texts.value;
  if (name === 'status' || name === 'event') return (name === 'status' ? t.statuses : t.events)[value as 'FAILED' & 'TEST'];
  if (filters[name].kind === 'time') return toField(value, zone()).replace('T', ' ');
  return value === 'true' ? t.filters.yes : value === 'false' ? t.filters.no : value;
}

/** Chips are the filters that are set, but for those that their buttons show. */
function Chips() {
  const t = texts.value.filters;
  const set = filterNames.filter((name) => !['status', 'event', 'cause', 'q'].includes(name) && parameters.value.get(name));
  const any = filterNames.some((name) => parameters.value.get(name));
  if (!any) return null;
  return (
    <p class="row chips">
      {set.map((name) => {
        return (
          <a key={name} class="button" href={narrowed({ [name]: null })}>
            {t.names[name]} <b>{wordOf(name, parameters.value.get(name)!)}</b> <span aria-hidden="true">✕</span>
            <span class="unseen">{t.remove}</span>
          </a>
        );
      })}
      <a href={narrowed(Object.fromEntries(filterNames.map((name) => [name, null])))}>{t.clear}</a>
    </p>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { CopyButton } from '../parts/controls.tsx';
import { day, number } from '../parts/format.ts';
import type { ListOwner } from '../parts/owner.ts';
import { later } from '../parts/later.tsx';
import { Failed, Loaded } from '../parts/state.tsx';
import { Time, Until, zone } from '../parts/time.tsx';
import { cause, StatusTag } from '../parts/word.tsx';
import { link, go, parameters, withParameters } from '../route.ts';
import { locale, texts } from '../texts/texts.ts';
import { canRetry, useActions, type Act } from './actions.ts';
import { BulkReplays, useBulk } from './bulk.tsx';
import type { Row } from './data.ts';
import { FilterBar, narrowed } from './filterbar.tsx';
import { Export } from './export.tsx';
import { filterNames, filterOf, orderOf } from './filters.ts';
import { useKeys } from './keys.ts';
import { mostFresh, mostRows, useRows, type Page } from './rows.ts';
import { what } from './what.ts';

const DetailOf = later(async () => (await import('./detail.tsx')).DetailOf);
const Help = later(async () => (await import('./help.tsx')).Help);
const ReplayThese = later(async () => (await import('./replaythese.tsx')).ReplayThese);

/** History lists the callbacks of a project or an account, or the notices to an SSO client. Every filter, and the callback that is open, stands in the page's address. */
export function History({ owner, mayChange, stirred, turn }: {
  owner: ListOwner;
  mayChange: boolean;
  /** Something has changed: what is counted elsewhere is another number now. */
  stirred: () => void;
  /** Grows when something was done elsewhere that shows here. */
  turn: number;
}) {
  const t = texts.value.history;
  const filter = filterOf(parameters.value);
  const order = orderOf(parameters.value);
  const open = parameters.value.get('callback');
  const { asked, more, showFresh, update, live, touched } = useRows(owner, filter, order, open, stirred);
  const bulk = useBulk(owner);
  const replaying = useSignal(false);
  const act = useActions((row) => {
    update([row]);
    stirred();
  });
  const selected = useSignal<string | null>(open);
  const help = useSignal(false);
  const rows = asked.data.value?.rows ?? [];
  useEffect(() => {
    if (!turn) return;
    stirred();
    if (owner.kind === 'ssoClient') asked.again(); // nobody tells of it
  }, [turn]);
  useKeys({ rows, selected, open, mayChange, act, help });
  return (
    <section aria-labelledby="history">
      <h2 id="history">
        {t.title}
        <small role="status">{live.value === 'live' ? <span class="ok">● {t.states.live}</span> : t.states[owner.kind === 'ssoClient' ? 'now' : live.value]}</small>
        <span class="end">
          {mayChange && rows.some(canRetry) && (
            <button type="button" aria-disabled={act.busy.value} onClick={() => void act.retryAll(owner, filter)}>
              {texts.value.actions.retryAll}
            </button>
          )}
          {mayChange && (
            <button type="button" onClick={() => (replaying.value = true)}>
              {texts.value.bulk.these}
            </button>
          )}
          <Export owner={owner} filter={filter} orderBy={order} />
          <CopyButton label={t.copyLink} text={() => link('')} />
          <button type="button" aria-label={t.help} onClick={() => (help.value = true)}>
            ?
          </button>
        </span>
      </h2>
      <BulkReplays {...bulk} />
      <FilterBar />
      <div aria-live="polite" class="said" style={act.at.value}>
        {act.done.value && <p>✓ {act.done.value}</p>}
        {act.failure.value && (
          <>
            <Failed failure={act.failure.value} />
            {act.failure.value.retryAt && <Until at={act.failure.value.retryAt} text={t.in} />}
          </>
        )}
      </div>
      {open && !rows.some(({ uid }) => uid === open) && (
        <div class="alone">
          <DetailOf uid={open} round={touched.value} mayChange={mayChange} act={act} />
        </div>
      )}
      <Loaded of={asked} rows={8}>
        {(page) => (
          <List page={page} busy={asked.busy.value} open={open} selected={selected.value} mayChange={mayChange} act={act} filtered={filter !== undefined} owner={owner} round={touched.value} more={() => void more()} showFresh={showFresh} />
        )}
      </Loaded>
      {replaying.value && <ReplayThese owner={owner} filter={filter} close={() => (replaying.value = false)} begun={bulk.again} />}
      {help.value && <Help close={() => (help.value = false)} />}
    </section>
  );
}

function List({ page, busy, open, selected, mayChange, act, filtered, owner, round, more, showFresh }: {
  page: Page;
  busy: boolean;
  open: string | null;
  selected: string | null;
  mayChange: boolean;
  act: Act;
  filtered: boolean;
  owner: ListOwner;
  round: number;
  more: () => void;
  showFresh: () => void;
}) {
  const t = texts.value.history;
  const { rows, fresh, total, exact, searchedUntil } = page;
  const ordered = parameters.value.get('order') ?? 'CREATED';
  const when = (row: Row) => (ordered === 'FINISHED' && row.finishedAt) || (ordered === 'NEXT_ATTEMPT' && row.nextAttemptAt) || row.createdAt;
  const days: [string, Row[]][] = [];
  for (const row of rows) {
    const heading = day(when(row), zone(), locale.value);
    if (days.at(-1)?.[0] === heading) days.at(-1)![1].push(row);
    else days.push([heading, [row]]);
  }
  const columns = owner.kind === 'account' ? 8 : 7;
  return (
    <>
      {fresh.length > 0 && (
        <div class="fresh" role="status">
          <button type="button" class="pill" onClick={showFresh}>
            ↑ {t.fresh(fresh.length >= mostFresh ? `${mostFresh}+` : String(fresh.length))}
          </button>
        </div>
      )}
      {rows.length === 0 && fresh.length === 0 && (filtered ? <NoMatch until={searchedUntil} /> : owner.kind === 'ssoClient' ? <p class="empty">{t.noNotices}</p> : <NothingYet />)}
      {rows.length > 0 && (
        <table class="callbacks" aria-busy={busy}>
          <caption class="unseen">{t.title}</caption>
          <thead>
            <tr>
              {([t.status, t.event, ...(owner.kind === 'account' ? [t.project] : []), t.what, t.attempts, t.cause, t.next, t.when] as string[]).map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          {days.map(([heading, list]) => (
            <tbody key={heading}>
              <tr class="day">
                <th scope="rowgroup" colSpan={columns}>
                  {heading}
                </th>
              </tr>
              {list.flatMap((row) => [
                <RowOf key={row.uid} row={row} when={when(row)} open={row.uid === open} selected={row.uid === selected} project={owner.kind === 'account'} />,
                row.uid === open && (
                  <tr key={`${row.uid} detail`} class="detail">
                    <td colSpan={columns}>
                      <DetailOf uid={row.uid} round={round} mayChange={mayChange} act={act} />
                    </td>
                  </tr>
                ),
              ])}
            </tbody>
          ))}
        </table>
      )}
      <p class="row after">
        {page.more && rows.length < mostRows && (
          <button type="button" disabled={busy} onClick={more}>
            {searchedUntil ? t.further : t.older}
          </button>
        )}
        {searchedUntil && (
          <span class="soft">
            {t.searchedUntil} <Time at={searchedUntil} whole />
          </span>
        )}
        {rows.length >= mostRows && <span class="soft">{t.most}</span>}
        <span class="soft end">{t.total(`${number(exact ? total : Math.min(total, 5000), locale.value)}${exact ? '' : '+'}`, total)}</span>
      </p>
    </>
  );
}

const short = (id: string) => (/^[0-9a-f-]{36}$/.test(id) ? `${id.slice(0, 4)}…${id.slice(-4)}` : id);

function RowOf({ row, when, open, selected, project }: { row: Row; when: string; open: boolean; selected: boolean; project: boolean }) {
  const t = texts.value;
  return (
    <tr
      class={`${open ? 'open ' : ''}${selected ? 'selected' : ''}`}
      onClick={(event) => {
        if (!(event.target as Element).closest('a') && getSelection()?.isCollapsed !== false) go(withParameters({ callback: open ? null : row.uid }), true);
      }}
    >
      <td>
        <StatusTag of={row} />
      </td>
      <td class="event">
        <a id={`row-${row.uid}`} href={withParameters({ callback: open ? null : row.uid })} aria-expanded={open} title={row.event}>
          {t.events[row.event]}
        </a>
      </td>
      {project && <td class="project">{row.project && <a href={`/console/projects/${row.project.rawID}`}>{row.project.name}</a>}</td>}
      <td class="grow">
        <code title={what(row)}>{short(what(row))}</code>{' '}
        {row.replayOf && (
          <small>
            {t.history.replayOf} <Time at={row.replayOf.createdAt} />
          </small>
        )}
      </td>
      <td data-label={t.history.attempts}>{row.attemptCount}</td>
      <td title={row.error?.message}>{cause(row)}</td>
      <td>{row.nextAttemptAt && row.status === 'PENDING' ? <Until at={row.nextAttemptAt} text={t.history.in} due={t.history.due} /> : <span class="dash">–</span>}</td>
      <td>
        <Time at={when} />
      </td>
    </tr>
  );
}

function NoMatch({ until }: { until: string | null }) {
  const t = texts.value.history;
  return (
    <div class="empty">
      <p>{until ? t.noMatchYet : t.noMatch}</p>
      <a href={narrowed(Object.fromEntries(filterNames.map((name) => [name, null])))}>{texts.value.filters.clear}</a>
    </div>
  );
}

function NothingYet() {
  const t = texts.value.history;
  return (
    <div class="empty">
      <p>
        <b>{t.nothing}</b>
      </p>
      <ol class="how">
        {t.how.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </div>
  );
}

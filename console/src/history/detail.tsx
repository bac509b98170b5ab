import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { graphql, type Answer } from '../api/graphql.ts';
import { useAsk } from '../parts/ask.ts';
import { CopyButton } from '../parts/controls.tsx';
import { curl, nameOf, sentences } from '../parts/format.ts';
import { later } from '../parts/later.tsx';
import { Loaded } from '../parts/state.tsx';
import { Time, Until } from '../parts/time.tsx';
import { Outcome, Phases, Remedy, Source, StatusTag, Tag } from '../parts/word.tsx';
import { place } from '../place.ts';
import { link, parameters, withParameters } from '../route.ts';
import { texts } from '../texts/texts.ts';
import { viewer } from '../viewer.ts';
import { canCancel, canReplay, canRetry, isNotice, mayAct, type Act } from './actions.ts';
import { row } from './data.ts';
import { Body, HeaderList } from './exchange.tsx';
import { what } from './what.ts';

const ReplayTo = later(async () => (await import('./replayto.tsx')).ReplayTo);

const detail = graphql(
  `query Detail($uid: ID!) {
    getCallback(uid: $uid) {
      ...Row
      ref contentType payload payloadPurgedAt givesUpAt
      replays { uid createdAt }
      replayedBy { firstName lastName username }
      attempts(last: 100) {
        totalCount
        edges {
          cursor
          node { uid number startedAt durationMs httpStatus remedy error { code message } timings { dnsMs connectMs tlsMs firstByteMs } }
        }
      }
      project { rawID name effectiveApiCallback { url source } }
    }
  }`,
  [row],
);
/** One attempt with all that was sent and came back; before: the cursor of the next one. */
const exchange = graphql(`
  query Exchange($uid: ID!, $before: String) {
    getCallback(uid: $uid) {
      attempts(last: 1, before: $before) {
        nodes {
          number url warning trigger
          requestHeaders { name value }
          responseHeaders { name value }
          responseBody responseBodyTruncated headersTruncated
          remoteAddress httpVersion tlsVersion connectionReused
          retryAfter { header notBefore }
        }
      }
    }
  }
`);
type Detail = NonNullable<Answer<typeof detail>['getCallback']>;
type Exchange = NonNullable<Answer<typeof exchange>['getCallback']>['attempts']['nodes'][number];

/** DetailOf is all that is known of one callback: what was sent, what came back, and what can be done. round: another number with each change of it. */
export function DetailOf({ uid, round, mayChange, act }: { uid: string; round: number; mayChange: boolean; act: Act }) {
  const asked = useAsk(detail, { uid }, round);
  return (
    <Loaded of={asked} rows={4}>
      {({ getCallback }) => getCallback && <Shown callback={getCallback} mayChange={mayChange} act={act} again={asked.again} />}
    </Loaded>
  );
}

function Shown({ callback: c, mayChange, act, again }: { callback: Detail; mayChange: boolean; act: Act; again: () => void }) {
  const t = texts.value.detail;
  const edges = c.attempts.edges;
  const wanted = edges.findIndex(({ node }) => String(node.number) === parameters.value.get('attempt'));
  const shown = wanted < 0 ? edges.length - 1 : wanted;
  const attempt = edges[shown]?.node;
  // Which attempt it is, is in the key: where the last one is shown, the next one that is made takes its place.
  const asked = useAsk(exchange, attempt ? { uid: c.uid, before: edges[shown + 1]?.cursor ?? null } : null, (attempt?.number ?? 0) * 2 + Number(attempt?.durationMs !== null));
  const got = asked.data.value?.getCallback?.attempts.nodes[0];
  const sent = got && got.number === attempt?.number ? got : undefined;
  const elsewhere = useSignal(false);
  const may = mayAct(c, mayChange);
  const most = Math.max(...edges.map(({ node }) => node.durationMs ?? 0));
  const command = () => curl(sent?.url ?? c.targetUrl ?? 'https://', sent?.requestHeaders ?? [{ name: 'content-type', value: c.contentType }], c.payload);
  const button = (text: string, run: () => Promise<unknown>, primary = false) => (
    <button type="button" class={primary ? 'primary' : undefined} aria-disabled={act.busy} onClick={() => void run().then(again)}>
      {text}
    </button>
  );
  // The button that was pressed goes when it has nothing more to do, and the focus with it.
  const buttons = useRef<HTMLElement>(null);
  useEffect(() => {
    if (act.done.peek() && document.activeElement === document.body) (buttons.current?.lastElementChild as HTMLElement | null)?.focus();
  });
  const repeatable = canReplay(c) && c.replays.length < 3 && !c.payloadPurgedAt;
  return (
    <div class="shown">
      <h3 class="row">
        {texts.value.events[c.event]} <code>{what(c)}</code> <StatusTag of={c} />
        <span class="end" ref={buttons}>
          {may && canRetry(c) && button(t.retry, () => act.retry(c), true)}
          {may && repeatable && button(t.replay, () => act.replay(c), true)}
          {may && repeatable && place.value.role === 'Admin' && !isNotice(c) && (
            <button type="button" onClick={() => (elsewhere.value = true)}>
              {t.replayTo}
            </button>
          )}
          {may && canCancel(c) && !viewer.value?.ssoClient && button(t.cancel, () => act.cancel(c))}
          <CopyButton label={t.curl} text={command} />
          <CopyButton label={t.graphql} text={() => query(c.uid)} />
          <CopyButton label={t.link} text={() => link(withParameters({ callback: c.uid }))} />
        </span>
      </h3>
      {!may && <p class="note">{mayChange ? t.platforms : t.viewer}</p>}
      {may && c.event === 'TEST' && <p class="hint">{t.test}</p>}
      {may && canReplay(c) && !repeatable && <p class="hint">{c.payloadPurgedAt ? t.purged : t.replayedEnough}</p>}
      {c.error && (
        <p>
          <Tag kind="bad" sign="✕">{c.error.code}</Tag> {sentences(c.error.message)} <Remedy of={edges.at(-1)?.node.remedy} />
        </p>
      )}
      {edges.length < c.attempts.totalCount && <p class="hint">{t.lastAttempts(edges.length, c.attempts.totalCount)}</p>}
      <ol class="attempts">
        {edges.map(({ node: a }, index) => (
          <li key={a.uid}>
            <a class="line" href={withParameters({ callback: c.uid, attempt: index === edges.length - 1 ? null : String(a.number) })} aria-current={index === shown ? 'true' : undefined}>
              <span>
                {a.number} · <Time at={a.startedAt} />
              </span>
              <Phases of={a} most={most} />
              <Outcome of={a} />
            </a>
          </li>
        ))}
        {c.status === 'PENDING' && <Next callback={c} />}
      </ol>
      {attempt && <Loaded of={asked}>{() => sent && <About attempt={sent} />}</Loaded>}
      <div class="exchange">
        <div>
          <HeaderList title={t.requestHeaders} of={sent?.requestHeaders} />
          <Body title={t.request} type={c.contentType} text={c.payload} gone={c.payloadPurgedAt} />
        </div>
        {sent && sent.responseBody !== null && (
          <div>
            <HeaderList title={t.responseHeaders} of={sent.responseHeaders} />
            <Body
              title={t.response}
              type={sent.responseHeaders?.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? ''}
              text={sent.responseBody}
              cut={sent.responseBodyTruncated}
            />
          </div>
        )}
      </div>
      {sent?.headersTruncated && <p class="hint">{t.moreHeaders}</p>}
      <Kin callback={c} />
      {elsewhere.value && <ReplayTo uid={c.uid} close={() => (elsewhere.value = false)} done={again} act={act} />}
    </div>
  );
}

/** Next is when and where the next attempt goes. */
function Next({ callback: c }: { callback: Detail }) {
  const t = texts.value.detail;
  // A URL of a request goes before those of the project and the account.
  const now = c.project?.effectiveApiCallback;
  return (
    <li class="line">
      <span>
        {c.attemptCount + 1} · {c.nextAttemptAt ? <Until at={c.nextAttemptAt} text={texts.value.history.in} due={texts.value.history.due} /> : c.heldByPause ? t.paused : t.behind}
      </span>
      <span class="soft">
        {t.goesTo} <code>{c.targetUrl ?? now?.url ?? '–'}</code> {now && (c.targetUrl ?? now.url) === now.url && <Source of={now.source} />}
        {c.givesUpAt && (
          <>
            {' '}
            · {t.givesUp} <Time at={c.givesUpAt} whole />
          </>
        )}
      </span>
    </li>
  );
}

function About({ attempt: a }: { attempt: Exchange }) {
  const t = texts.value.detail;
  return (
    <>
      {a.warning && <p class="wait">▲ {a.warning}</p>}
      <p class="hint">
        {t.attempt(a.number)}: {[a.url, a.remoteAddress, a.httpVersion, a.tlsVersion, a.connectionReused && t.reused, t.triggers[a.trigger]].filter(Boolean).join(' · ')}
        {a.retryAfter && (
          <>
            {' '}
            · Retry-After: {a.retryAfter.header} {a.retryAfter.notBefore && <Time at={a.retryAfter.notBefore} whole />}
          </>
        )}
      </p>
    </>
  );
}

/** Kin are the original and the replays. */
function Kin({ callback: c }: { callback: Detail }) {
  const t = texts.value.detail;
  return (
    <p class="hint">
      uid <code>{c.uid}</code> <CopyButton quiet text={c.uid} />
      {c.replayOf && (
        <>
          {' · '}
          <a href={withParameters({ callback: c.replayOf.uid, attempt: null })}>{t.original}</a> {c.replayedBy && nameOf(c.replayedBy)}
        </>
      )}
      {c.replays.map(({ uid, createdAt }) => (
        <span key={uid}>
          {' · '}
          <a href={withParameters({ callback: uid, attempt: null })}>
            {t.replayedAt} <Time at={createdAt} whole />
          </a>
        </span>
      ))}
    </p>
  );
}

const query = (uid: string): string => `{
  getCallback(uid: "${uid}") {
    uid ref event status targetUrl payload nextAttemptAt
    error { code message }
    attempts { nodes { number startedAt durationMs httpStatus remedy responseBody error { code message } timings { dnsMs connectMs tlsMs firstByteMs } } }
  }
}`;

import { useEffect } from 'preact/hooks';
import { graphql, type Answer } from '../api/graphql.ts';
import { useAsk, useEvery } from '../parts/ask.ts';
import { CopyButton } from '../parts/controls.tsx';
import { curl, duration, moment, number, sentences } from '../parts/format.ts';
import { of, type ListOwner } from '../parts/owner.ts';
import { Loaded } from '../parts/state.tsx';
import { Since, Time, zone } from '../parts/time.tsx';
import { HealthWord, Remedy, Tag } from '../parts/word.tsx';
import { place } from '../place.ts';
import { go, parameters, withParameters } from '../route.ts';
import { ready } from '../settings/data.ts';
import { locale, texts } from '../texts/texts.ts';

const health = graphql(`
  fragment Health on CallbackHealth {
    status failingSince oldestPendingAt since
    counts { pending running pendingIsExact success failed }
    causes { code count }
    arrival { p50Ms p99Ms }
    receiver { p50Ms p99Ms }
    buckets { startsAt success failed }
  }
`);
const trouble = graphql(`
  fragment Trouble on CallbackConnection {
    nodes { uid error { code message } attempts(last: 1) { nodes { remedy } } }
  }
`);
const ofOwner = graphql(
  `query OwnerHealth($id: ObjectID!, $range: HealthRange!) {
    owner: getProject(id: $id) {
      callbackHealth(range: $range) { ...Health }
      callbacks(first: 1, filter: { status: [PENDING, FAILED], minAttempts: 1 }) { ...Trouble }
      any: callbacks(first: 1) { nodes { uid } }
    }
  }`,
  [health, trouble],
);
type HealthAnswer = Answer<typeof health>;
const ranges = ['DAY', 'WEEK', 'MONTH'] as const;
type Range = (typeof ranges)[number];

/** Health says in one word whether it is all right, and what is wrong where it is not. turn: grows when it is to be asked for anew. moved: it was paused, or is no longer. */
export function Health({ owner, turn, moved }: { owner: ListOwner; turn: number; moved: () => void }) {
  const t = texts.value.health;
  const chosen = parameters.value.get('range')?.toUpperCase();
  const range = ranges.find((one) => one === chosen) ?? 'DAY';
  const asked = useAsk(of(ofOwner, owner), { id: owner.id, range }, turn);
  // Time alone makes a receiver one that fails: none of its callbacks changes then.
  useEvery(15_000, Boolean(asked.data.value?.owner?.callbackHealth.counts.pending), asked.again);
  const paused = asked.data.value?.owner?.callbackHealth.status === 'PAUSED';
  useEffect(() => {
    if (asked.data.peek()) moved();
  }, [paused]);
  return (
    <section aria-labelledby="health">
      <h2 id="health">
        {t.title} <small>{t.last[range]}</small>
        <span class="end">
          {ranges.map((one) => (
            <a key={one} class="button" href={withParameters({ range: one === 'DAY' ? null : one.toLowerCase() })} aria-current={one === range ? 'true' : undefined}>
              {t.ranges[one]}
            </a>
          ))}
        </span>
      </h2>
      <Loaded of={asked}>
        {({ owner: found }) => found && <Shown health={found.callbackHealth} range={range} trouble={found.callbacks.nodes[0]} tested={found.any.nodes.length > 0} />}
      </Loaded>
    </section>
  );
}

function Shown({ health: h, range, trouble: last, tested }: { health: HealthAnswer; range: Range; trouble?: Answer<typeof trouble>['nodes'][number]; tested: boolean }) {
  const t = texts.value.health;
  const lang = locale.value;
  const waiting = h.counts.pending + h.counts.running;
  const quantiles = (of: HealthAnswer['arrival']) => (of ? `${duration(of.p50Ms, lang)} / ${duration(of.p99Ms, lang)}` : '–');
  return (
    <>
      <div class="health">
        <div>
          <HealthWord status={h.status === 'HEALTHY' && !h.counts.success && waiting + h.counts.failed ? 'NOTHING' : h.status} />
          {h.failingSince && (
            <p class="soft">
              {t.since} <Time at={h.failingSince} />, <Since at={h.failingSince} />
            </p>
          )}
          {h.status === 'NEVER_USED' && !tested && <p class="soft">{ready.value ? t.firstTest : t.first}</p>}
        </div>
        <Bars health={h} range={range} />
        <dl>
          <dt>{t.arrived}</dt>
          <dd>{number(h.counts.success, lang)}</dd>
          <dt>{t.waiting}</dt>
          <dd>
            {h.counts.pendingIsExact ? '' : '> '}
            {number(waiting, lang)}
          </dd>
          <dt>{t.oldest}</dt>
          <dd>{h.oldestPendingAt ? <Since at={h.oldestPendingAt} /> : '–'}</dd>
          <dt>{t.givenUp}</dt>
          <dd>{number(h.counts.failed, lang)}</dd>
          <dt title={t.arrivalHint}>{t.arrival}</dt>
          <dd>{quantiles(h.arrival)}</dd>
          <dt title={t.receiverHint}>{t.receiver}</dt>
          <dd>{quantiles(h.receiver)}</dd>
        </dl>
      </div>
      {h.status === 'NEVER_USED' && place.value.project && tried && ready.value && <First projectId={place.value.project.rawID} />}
      {h.status === 'FAILING' && last?.error && (
        <p>
          <Tag kind="bad" sign="✕">{last.error.code}</Tag> {sentences(last.error.message)} <Remedy of={last.attempts.nodes[0]?.remedy} />{' '}
          {waiting > 0 && <a href={withParameters({ status: 'PENDING', callback: null })}>{t.thenRetry(waiting)}</a>}
        </p>
      )}
      {h.causes.length > 0 && (
        <p class="row">
          <span class="soft">{t.givenUp}:</span>
          {h.causes.map(({ code, count }) => (
            <a key={code} href={withParameters({ status: 'FAILED', cause: code, callback: null })} title={t.showThese}>
              <Tag kind="bad" sign="✕">
                {code} · {number(count, lang)}
              </Tag>
            </a>
          ))}
        </p>
      )}
      {h.since && (
        <p class="hint">
          {t.counted} <Time at={h.since} whole />
        </p>
      )}
    </>
  );
}

/** Whoever opens the page on the machine that serves it tries it out, and is the platform. */
const tried = /^(localhost$|127\.|\[::1\])/.test(location.hostname);

/** First is how a first callback comes where no platform says yet what has ended; the number of the crawl is one that is not there. */
function First({ projectId }: { projectId: string }) {
  const t = texts.value.health;
  const command = () =>
    curl(
      new URL('/graphql', location.origin).href,
      [
        { name: 'content-type', value: 'application/json' },
        { name: 'x-api-key', value: 'PLATFORM_KEY' },
      ],
      JSON.stringify({ query: `mutation { finishCrawl(input: { crawlId: ${Date.now()}, projectId: ${projectId} }) { callback { uid } } }` }),
    );
  return (
    <p class="hint">
      {t.uncounted} <CopyButton quiet label={t.endCrawl} text={command} />. {t.platformKey}
    </p>
  );
}

/** Bars are what ended in each hour or day; a click shows its history, as the filters do. For those who see no bars there is a table, within something else: a table is as wide as its words. */
function Bars({ health: { buckets }, range }: { health: HealthAnswer; range: Range }) {
  const t = texts.value.health;
  const most = Math.max(1, ...buckets.map(({ success, failed }) => success + failed));
  const ends = (place: number) => buckets[place + 1]?.startsAt ?? null;
  const name = (at: string) =>
    range === 'DAY' ? moment(at, zone(), locale.value) : new Intl.DateTimeFormat(locale.value, { timeZone: 'UTC', dateStyle: 'medium' }).format(new Date(at));
  return (
    <div class="bars">
      <svg aria-hidden="true" viewBox={`0 0 ${buckets.length * 10} 100`} preserveAspectRatio="none">
        {buckets.map(({ startsAt, success, failed }, place) => {
          const height = ((success + failed) / most) * 96;
          const bad = (failed / most) * 96;
          return (
            <g key={startsAt} onClick={() => go(withParameters({ finishedAfter: startsAt, finishedBefore: ends(place), callback: null }))}>
              <title>{`${name(startsAt)}: ${success} ✓, ${failed} ✕`}</title>
              <rect class="target" x={place * 10} width="10" height="100" />
              <rect class="success" x={place * 10 + 1} width="8" y={100 - height + bad} height={height - bad} />
              <rect class="failure" x={place * 10 + 1} width="8" y={100 - height} height={bad} />
              <rect class="floor" x={place * 10 + 1} width="8" y="99" height="1" />
            </g>
          );
        })}
      </svg>
      <div class="unseen">
        <table>
          <caption>{t.table[range]}</caption>
          <thead>
            <tr>
              <th scope="col">{t.when}</th>
              <th scope="col">{t.arrived}</th>
              <th scope="col">{t.givenUp}</th>
            </tr>
          </thead>
          <tbody>
            {buckets.map(({ startsAt, success, failed }) => (
              <tr key={startsAt}>
                <th scope="row">{name(startsAt)}</th>
                <td>{success}</td>
                <td>{failed}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

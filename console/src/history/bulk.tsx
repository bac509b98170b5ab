import { ask } from '../api/client.ts';
import { graphql, type Answer } from '../api/graphql.ts';
import { useAct, useAsk, useEvery } from '../parts/ask.ts';
import { nameOf, number } from '../parts/format.ts';
import { of, type ListOwner } from '../parts/owner.ts';
import { Failed } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Tag } from '../parts/word.tsx';
import { withParameters } from '../route.ts';
import { locale, texts } from '../texts/texts.ts';
import { wordOf } from './filterbar.tsx';
import { parametersOf } from './filters.ts';

export const bulk = graphql(`
  fragment Bulk on BulkReplay {
    __typename id status matched done succeeded failed skipped startedAt finishedAt mayPause mayCancel
    skippedReasons { reason count }
    filter {
      status event errorCode createdAfter createdBefore finishedAfter finishedBefore nextAttemptAfter nextAttemptBefore httpStatus httpStatusRange { from to }
      host uid ref isReplay minAttempts crawlId runUid jobUuid search
    }
    createdBy { firstName lastName username }
  }
`);
const bulks = graphql(`query BulkReplays($id: ObjectID!) { owner: getProject(id: $id) { bulkReplays(first: 50, dryRun: false) { nodes { ...Bulk } } } }`, [bulk]);
export const changes = {
  pause: graphql(`mutation PauseBulkReplay($id: ObjectID!) { pauseBulkReplay(input: { bulkReplayId: $id }) { bulkReplay { id } } }`),
  resume: graphql(`mutation ResumeBulkReplay($id: ObjectID!) { resumeBulkReplay(input: { bulkReplayId: $id }) { bulkReplay { id } } }`),
  cancel: graphql(`mutation CancelBulkReplay($id: ObjectID!) { cancelBulkReplay(input: { bulkReplayId: $id }) { bulkReplay { id } } }`),
};
export type Bulk = Answer<typeof bulk>;

const signs = { COUNTING: ['plain', '•'], RUNNING: ['plain', '•'], PAUSED: ['wait', '‖'], CANCELLED: ['plain', '–'], FINISHED: ['ok', '✓'] } as const;
const active = ({ status }: Bulk) => status !== 'CANCELLED' && status !== 'FINISHED';
export const whole = (value: number) => number(value, locale.value);

/** useBulk has the bulk replays of an owner: they go on without this page, and any page shows them. */
export function useBulk(owner: ListOwner) {
  const asked = useAsk(of(bulks, owner), { id: owner.id });
  const nodes = asked.data.value?.owner?.bulkReplays.nodes ?? [];
  useEvery(1500, nodes.some(active), asked.again);
  return { nodes, again: asked.again };
}

/** BulkReplays are those under way, and the last one that has ended; earlier ones are folded. */
export function BulkReplays({ nodes, again }: ReturnType<typeof useBulk>) {
  const t = texts.value.bulk;
  if (!nodes.length) return null;
  const shown = nodes.filter((node, place) => place === 0 || active(node));
  const earlier = nodes.filter((node) => !shown.includes(node));
  return (
    <div class="bulks">
      {shown.map((node) => <BulkReplay key={node.id} node={node} again={again} />)}
      {earlier.length > 0 && (
        <details>
          <summary class="soft">{t.earlier(earlier.length)}</summary>
          {earlier.map((node) => <BulkReplay key={node.id} node={node} again={again} />)}
        </details>
      )}
    </div>
  );
}

function BulkReplay({ node, again }: { node: Bulk; again: () => void }) {
  const t = texts.value.bulk;
  const { busy, failure, act } = useAct();
  const change = (name: keyof typeof changes) => () => void act(() => ask(changes[name] as typeof changes.pause, { id: node.id })).then(again);
  const [kind, sign] = signs[node.status];
  const button = (name: keyof typeof changes) => (
    <button type="button" disabled={busy.value} onClick={change(name)}>
      {t[name]}
    </button>
  );
  return (
    <div class="bulk" role="group" aria-label={t.title}>
      <p class="row">
        <b>{t.title}</b>
        <Tag kind={kind} sign={sign} title={node.status}>{t.statuses[node.status]}</Tag>
        <span class="soft">
          <Time at={node.startedAt} whole /> {node.createdBy && nameOf(node.createdBy)}
        </span>
        <span class="end">
          {node.mayPause && button(node.status === 'PAUSED' ? 'resume' : 'pause')}
          {node.mayCancel && button('cancel')}
        </span>
      </p>
      <p>
        <These of={node.filter} />
      </p>
      {active(node) && <progress aria-label={t.title} max={node.matched || 1} value={node.status === 'COUNTING' ? undefined : node.done} />}
      <p class="hint">
        {t.result(whole(node.done), whole(node.matched), whole(node.succeeded), whole(node.failed))} <Skipped of={node} />{' '}
        <a href={withParameters({ replay: 'true', createdAfter: node.startedAt, callback: null })}>{t.show}</a>
      </p>
      {failure.value && <Failed failure={failure.value} />}
    </div>
  );
}

/** These says which callbacks it replays, as the history's filters say it. */
function These({ of }: { of: Bulk['filter'] }) {
  const t = texts.value;
  const set = parametersOf(of);
  if (!set.length) return <>{t.bulk.all}</>;
  return (
    <>
      {set.map(([name, values], place) => (
        <span key={name}>
          {place > 0 && ' · '}
          {t.filters.names[name]} <b>{values.map((value) => wordOf(name, value)).join(', ')}</b>
        </span>
      ))}
    </>
  );
}

export function Skipped({ of: { skipped, skippedReasons } }: { of: Bulk }) {
  const t = texts.value.bulk;
  if (!skipped) return null;
  return (
    <>
      {t.skipped(whole(skipped))}: {skippedReasons.map(({ reason, count }) => `${t.reasons[reason]} (${whole(count)})`).join(', ')}.
    </>
  );
}

import { graphql, type Answer } from '../api/graphql.ts';
import { StatusTag } from '../parts/word.tsx';
import { Time, Until } from '../parts/time.tsx';
import { texts } from '../texts/work.ts';

export const sent = graphql(`
  fragment Sent on CallbackConnection {
    totalCount
    nodes { uid event status heldByPause attemptCount error { code message } nextAttemptAt createdAt project { rawID } }
    pageInfo { hasNextPage endCursor }
  }
`);

type Callback = Answer<typeof sent>['nodes'][number];

export const callbackHead = (): string[] => {
  const t = texts.value.work;
  return [t.status, t.event, t.attempts, t.cause, t.created];
};

/** callbackRow is a callback of a run or a job: its details are in the project's history. */
export const callbackRow = (callback: Callback) => {
  const { uid, event, attemptCount, error, nextAttemptAt, createdAt, project } = callback;
  return [
    <StatusTag of={callback} />,
    project ? <a href={`/console/projects/${project.rawID}?callback=${uid}`}>{texts.value.events[event]}</a> : texts.value.events[event],
    attemptCount,
    (error || nextAttemptAt) && (
      <>
        {error && <span title={error.message}>{error.code}</span>} {nextAttemptAt && <Until at={nextAttemptAt} text={texts.value.work.next} />}
      </>
    ),
    <Time at={createdAt} whole />,
  ];
};

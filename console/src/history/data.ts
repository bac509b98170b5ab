import { ask } from '../api/client.ts';
import { Failure } from '../api/failure.ts';
import { graphql, type Answer, type Variables } from '../api/graphql.ts';
import { of, type ListOwner } from '../parts/owner.ts';

export const row = graphql(`
  fragment Row on Callback {
    id uid event status httpStatus attemptCount nextAttemptAt heldByPause createdAt finishedAt targetUrl
    error { code message }
    crawl { rawID }
    reportDownload { reportId }
    run { uid }
    job { uuid }
    replayOf { uid createdAt }
    project { rawID name }
  }
`);
const page = graphql(
  `fragment Page on CallbackConnection {
    nodes { ...Row }
    pageInfo { hasNextPage startCursor endCursor }
    totalCount totalCountIsExact searchedUntil
  }`,
  [row],
);
const callbacks = graphql(
  `query Callbacks($id: ObjectID!, $first: Int, $after: String, $last: Int, $before: String, $filter: CallbackFilter, $orderBy: CallbackOrder) {
    owner: getProject(id: $id) {
      callbacks(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) { ...Page }
    }
  }`,
  [row, page],
);
type Arguments = Omit<Variables<typeof callbacks>, 'id'>;
export type Filter = NonNullable<Arguments['filter']>;
export type Order = Arguments['orderBy'];

/** readPage reads a page of somebody's callbacks. */
export async function readPage(owner: ListOwner, page: Arguments) {
  const { owner: found } = await ask(of(callbacks, owner), { id: owner.id, ...page });
  if (!found) throw new Failure([{ code: 'ENTITY_NOT_FOUND', message: '' }]);
  return found.callbacks;
}
export const rowsAgain = graphql(`query RowsAgain($ids: [ObjectID!]!) { nodes(ids: $ids) { __typename ...Row } }`, [row]);

export const changes = graphql(
  `subscription Changes($input: CallbackChangedInput!) { callbackChanged(input: $input) { kind cursor callback { ...Row } } }`,
  [row],
);

export const retry = graphql(`mutation Retry($uid: ID!) { retryCallback(input: { uid: $uid }) { callback { ...Row } } }`, [row]);
export const retryAll = graphql(`mutation RetryCallbacks($input: RetryCallbacksInput!) { retryCallbacks(input: $input) { retriedCallbacks searchedUntil } }`);
export const cancel = graphql(`mutation Cancel($uid: ID!) { cancelCallback(input: { uid: $uid }) { callback { ...Row } } }`, [row]);
export const replay = graphql(
  `mutation Replay($uid: ID!, $toUrl: String, $key: ID) { replayCallback(input: { uid: $uid, toUrl: $toUrl, idempotencyKey: $key }) { callback { ...Row } } }`,
  [row],
);

export type Row = Answer<typeof row>;

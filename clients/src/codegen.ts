import { GraphQLClient } from 'graphql-request';
import { graphql } from '../.made/codegen/gql.js';

const Callbacks = graphql(`
  query Callbacks($projectId: ObjectID!, $filter: CallbackFilter, $after: String) {
    getProject(id: $projectId) {
      name
      callbacks(first: 50, after: $after, filter: $filter) {
        nodes { uid event status createdAt error { code message } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

// All failed callbacks of a project since a time, page by page.
export async function* failures(client: GraphQLClient, projectId: string, createdAfter: string) {
  const page = async (after?: string | null) =>
    (await client.request(Callbacks, { projectId, filter: { status: ['FAILED'], createdAfter }, after })).getProject?.callbacks;
  for (let callbacks = await page(); callbacks; ) {
    yield* callbacks.nodes;
    if (!callbacks.pageInfo.hasNextPage) return;
    callbacks = await page(callbacks.pageInfo.endCursor);
  }
}

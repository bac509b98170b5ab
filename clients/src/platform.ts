import { GraphQLClient } from 'graphql-request';
import * as server from './server.js';

const platform = new GraphQLClient(server.url, { headers: { 'x-api-key': server.key } });
let last = Date.now();

// Says that another crawl has finished, and returns the uid of its callback. The same key returns the same callback.
export async function finishCrawl(): Promise<string> {
  const input = { crawlId: String(++last), projectId: server.project };
  const { finishCrawl } = await platform.request<{ finishCrawl: { callback: { uid: string } } }>(
    'mutation ($input: FinishCrawlInput!) { finishCrawl(input: $input) { callback { uid } } }',
    { input },
  );
  return finishCrawl.callback.uid;
}

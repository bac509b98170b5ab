import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-sse';

export function connect(url: string, token: string): Client {
  const headers = { 'x-auth-token': token };
  const events = createClient({ url, headers, retryAttempts: 0 });
  return new Client({
    url,
    fetchOptions: { headers },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: events.subscribe({ query: query ?? '', variables }, sink) }),
        }),
      }),
    ],
  });
}

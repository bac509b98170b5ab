import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable } from '@apollo/client';
import { createClient } from 'graphql-sse';
import { OperationTypeNode, print } from 'graphql';

export function connect(url: string, token: string): ApolloClient {
  const headers = { 'x-auth-token': token };
  const events = createClient({ url, headers, retryAttempts: 0 });
  const subscriptions = new ApolloLink(
    ({ query, variables }) =>
      new Observable((sink) =>
        events.subscribe<Record<string, unknown>>({ query: print(query), variables }, {
          next: ({ data, errors }) => sink.next({ data, errors }),
          error: (problem) => sink.error(problem),
          complete: () => sink.complete(),
        }),
      ),
  );
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      subscriptions,
      new HttpLink({ uri: url, headers }),
    ),
  });
}

import { GraphQLClient } from 'graphql-request';

export function connect(url: string, token: string): GraphQLClient {
  return new GraphQLClient(url, { headers: { 'x-auth-token': token } });
}

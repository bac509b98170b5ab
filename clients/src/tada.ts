import { initGraphQLTada, type ResultOf, type VariablesOf } from 'gql.tada';
import type { introspection } from '../.made/schema.js';

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { ObjectID: string; DateTime: string; Duration: string; JSON: unknown };
}>();

export const SetUrl = graphql(`
  mutation SetUrl($input: UpdateProjectInput!) {
    updateProject(input: $input) { project { version apiCallbackUrl } }
  }
`);

export type SetUrlResult = ResultOf<typeof SetUrl>;
export type SetUrlVariables = VariablesOf<typeof SetUrl>;

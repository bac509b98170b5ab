import type { initGraphQLTada, ResultOf, VariablesOf } from 'gql.tada';
import type { introspection } from '../../.types/schema.d.ts';

type Tada = ReturnType<
  typeof initGraphQLTada<{
    introspection: introspection;
    disableMasking: true;
    scalars: { ObjectID: string; DateTime: string; Duration: string; JSON: unknown };
  }>
>;

/**
 * A document of GraphQL, whose answer and variables have the types that the schema gives them. At runtime it is a text, with
 * the fragments that are named beside it, each once.
 */
export const graphql = ((text: string, fragments: string[] = []) =>
  fragments
    .flatMap((fragment) => fragment.split(/(?=fragment \w+ on )/))
    .reduce((all, fragment) => (all.includes(fragment.trim()) ? all : `${all}\n${fragment.trim()}`), text)) as unknown as Tada;

export type Answer<Document> = ResultOf<Document>;
export type Variables<Document> = VariablesOf<Document>;

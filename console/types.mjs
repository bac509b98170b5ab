// Writes the schema as types (.types/schema.d.ts), by which gql.tada knows what each query in src answers.
import { readFileSync, readdirSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { buildSchema, introspectionFromSchema } from 'graphql';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const root = here('..');
const text = readdirSync(root)
  .filter((name) => name.endsWith('.graphqls'))
  .map((name) => readFileSync(`${root}/${name}`, 'utf8'))
  .join('\n');
const introspection = introspectionFromSchema(buildSchema(text), { oneOf: true });
mkdirSync(here('.types'), { recursive: true });
writeFileSync(
  here('.types/schema.d.ts'),
  outputIntrospectionFile(minifyIntrospection(introspection), { fileType: '.d.ts', shouldPreprocess: true }),
);

// Fetches the schema of the server (RINGBACK_URL) into .made, as a document for graphql-codegen and as types for gql.tada.
import { mkdirSync, writeFileSync } from 'node:fs';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { buildSchema, introspectionFromSchema } from 'graphql';

const answer = await fetch(`${process.env.RINGBACK_URL}/schema.graphqls`);
if (!answer.ok) throw new Error(`${answer.url} answers ${answer.status}`);
const text = await answer.text();
const introspection = introspectionFromSchema(buildSchema(text), { oneOf: true });
mkdirSync('.made', { recursive: true });
writeFileSync('.made/schema.graphqls', text);
writeFileSync('.made/schema.d.ts', outputIntrospectionFile(minifyIntrospection(introspection), { fileType: '.d.ts', shouldPreprocess: true }));

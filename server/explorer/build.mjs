// Copies the few files that the Explorer page loads into dist/, where the Go build embeds them.
// The list is the page's own (gqlgen's GraphiQL template); ../explorer.go names the same four.
import { copyFile, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const files = [
  'react/umd/react.production.min.js',
  'react-dom/umd/react-dom.production.min.js',
  'graphiql/graphiql.min.js',
  'graphiql/graphiql.min.css',
];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await mkdir(here('dist'), { recursive: true });
for (const file of files) {
  await copyFile(here(`../../node_modules/${file}`), here(`dist/${basename(file)}`));
}

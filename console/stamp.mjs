// Says which committed code the bundle was built beside: the server takes no bundle of other sources.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const here = (path) => new URL(path, import.meta.url);
const sum = createHash('sha256');
for (const name of readdirSync(here('dist')).sort()) sum.update(readFileSync(here(`dist/${name}`)));
writeFileSync(here('bundle/dist.sha256'), sum.digest('hex'));
writeFileSync(here('bundle/.gitkeep'), '');

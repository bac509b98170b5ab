// Lets node --test import TypeScript: Vite's own compiler takes the types away.
import { register } from 'node:module';
register(
  `data:text/javascript,${encodeURIComponent(`
import { readFile } from 'node:fs/promises';
import { transformWithOxc } from '${import.meta.resolve('vite')}';
export async function load(url, context, next) {
  if (!/\\.tsx?$/.test(url)) return next(url, context);
  const { code } = await transformWithOxc(await readFile(new URL(url), 'utf8'), url, { jsx: { runtime: 'automatic', importSource: 'preact' } });
  return { format: 'module', shortCircuit: true, source: code };
}`)}`,
);

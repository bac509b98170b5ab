// The libraries that our own compiled code imports, as npm has them: `npm run build` writes libraries.json, by which
// the page finds each, and copies the files to lib/, from where they are served where they were built in. A public CDN
// has the same files (https://cdn.jsdelivr.net/npm/package@version/file), and the hashes hold it to that.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

// name is what is imported; files are relative to the package: the first is what the name means, the others it imports.
export const libraries = [
  { name: 'preact', files: ['dist/preact.mjs'] },
  { name: 'preact/hooks', files: ['dist/hooks.mjs'], folder: 'hooks' },
  { name: 'preact/jsx-runtime', files: ['dist/jsxRuntime.mjs'], folder: 'jsx-runtime' },
  { name: '@preact/signals-core', files: ['dist/signals-core.mjs'] },
  { name: '@preact/signals', files: ['dist/signals.mjs'] },
];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function build(out) {
  const list = [];
  for (const { name, files, folder } of libraries) {
    const root = here(`../node_modules/${folder ? name.slice(0, -folder.length - 1) : name}`);
    const { name: pkg, version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
    list.push({
      name,
      files: files.map((file) => {
        const path = `${folder ? `${folder}/` : ''}${file}`;
        const address = `${pkg}@${version}/${path}`;
        const integrity = `sha384-${createHash('sha384').update(readFileSync(`${root}/${path}`)).digest('base64')}`;
        mkdirSync(dirname(here(`lib/${address}`)), { recursive: true });
        copyFileSync(`${root}/${path}`, here(`lib/${address}`));
        return { address, integrity };
      }),
    });
  }
  writeFileSync(`${out}/libraries.json`, `${JSON.stringify(list, null, 1)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build(process.argv[2] ?? here('dist'));

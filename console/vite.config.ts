import { defineConfig } from 'vite';
import { libraries } from './libraries.mjs';

// In the bundle a document has no more spaces than it needs.
const short = (text: string) => text.replace(/\s+/g, ' ').replace(/ ?([{}():,!=]) ?/g, '$1');
const documents = {
  name: 'documents',
  enforce: 'pre',
  transform: (code: string, id: string) =>
    /\/src\/.*\.tsx?$/.test(id) ? code.replace(/(graphql\(\s*`)([^`]*)/g, (_, before, text) => before + short(text)) : undefined,
} as const;

// What is loaded when somebody opens it; and what only some pages share, each in a file.
const opened = /src\/(texts\/(de|dialogs)|pages\/|parts\/signin|history\/(detail|exchange|help|replay)|settings\/(conflict|rotate))/;
const kinds = { history: /src\/history\//, settings: /src\/(health|settings\/(?!role))/, work: /src\/(work|texts\/work|parts\/(list|detail|create))/ };
const group = (name: string, has: (id: string) => boolean) => ({ name, test: (id: string) => !opened.test(id) && has(id) });

// Two builds of the same sources. dist/ is our own code alone, which is committed: libraries are named as they are
// imported, and the page's import map says where they are. bundle/ has the libraries within, and is not committed.
// What is in a file is in the address that it is served at (console.go), so names stay the same from build to build.
export default defineConfig(({ mode }) => ({
  plugins: mode === 'bundle' ? [documents] : [],
  publicDir: false,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: mode === 'bundle' ? 'bundle' : 'dist',
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // which have light-dark()
    cssMinify: mode === 'bundle',
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    minify: 'oxc',
    lib: { entry: { console: 'src/main.tsx' }, formats: ['es'], fileName: (_, name) => `${name}.js`, cssFileName: 'console' },
    rolldownOptions: {
      external: mode === 'bundle' ? [] : libraries.map((library) => library.name),
      output: {
        chunkFileNames: '[name].js',
        assetFileNames: '[name][extname]',
        // Pages and languages are loaded when they are needed, and so is what pages of one kind share: what all share is one file. Fewer files
        // weigh less compressed, and are asked for sooner.
        codeSplitting: {
          groups: [
            { ...group('shared', (id) => !Object.values(kinds).some((kind) => kind.test(id))), priority: 1 }, // else its parts are where they are first needed
            ...Object.entries(kinds).map(([name, kind]) => group(name, (id) => kind.test(id))),
          ],
        },
        // A change of one line is a change of a few lines of what is committed.
        minify: mode === 'bundle' ? true : { mangle: false, compress: true, codegen: { removeWhitespace: false } },
      },
    },
  },
}));

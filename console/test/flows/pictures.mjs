// Pictures of pages, compared with those that somebody has looked at (pictures/), as an eye at a distance does: small, and cell by cell. How a browser draws the
// edge of a letter is lost in that; a panel that is missing, empty, shifted or in another colour is not.
//   UPDATE_SNAPSHOTS=1  takes them anew
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { browser, open } from './harness.mjs';
import { answer, now } from './world.mjs';

const anew = Boolean(process.env.UPDATE_SNAPSHOTS);
const folder = new URL('pictures/', import.meta.url).pathname;
const shrink = 4; // a picture that is kept has a quarter of the page's width
const cell = 4; // of its pixels, on each side
const most = 10; // of 255: what a cell may differ by
const allowed = 3; // cells that may differ by more
const patience = 30_000; // ms; what an idle machine shows in one second a busy one shows later

// Letters of another machine's fonts have other widths, and lines other lengths: these come with the Explorer.
const graphiql = createRequire(new URL('../../../server/explorer/package.json', import.meta.url));
const react = createRequire(graphiql.resolve('graphiql'));
const fonts = ['roboto', 'fira-code'].map((name) => readFileSync(react.resolve(`@graphiql/react/font/${name}.css`), 'utf8')).join('\n');
const style = `${fonts}\n:root { --font: Roboto; --mono: 'Fira Code'; } * { caret-color: transparent !important; text-rendering: geometricPrecision !important; }`;

/** live is a subscription that has begun and says no more. */
function live() {
  const { fetch } = globalThis;
  globalThis.fetch = (url, options) => {
    if (options?.headers?.accept !== 'text/event-stream') return fetch(url, options);
    const ready = 'event: next\ndata: {"data":{"callbackChanged":{"kind":"READY","cursor":"c","callback":null}}}\n\n';
    const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(ready)) });
    return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
  };
}

/** openWorld shows a page in the world that is always the same. */
export async function openWorld(credential, width = 1280) {
  const opened = await open('/console/nonsense', { credential, keep: true, viewport: { width, height: 900 }, timezoneId: 'UTC', bypassCSP: true, prepare: async (page) => {
    await page.clock.setFixedTime(now);
    await page.addInitScript(live);
    await page.route('**/graphql', async (route) => route.fulfill({ json: await answer(route.request().postDataJSON(), credential) }));
  } });
  await opened.page.addStyleTag({ content: style });
  return opened;
}

/** compared runs in a browser: it makes the small picture of a page, and says where it differs from the one that is kept. */
async function compared({ taken, kept, shrink, cell, most }) {
  const read = async (type, base64) => createImageBitmap(await (await fetch(`data:image/${type};base64,${base64}`)).blob());
  const drawn = (image, width, height) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, width, height);
    return { canvas, data: context.getImageData(0, 0, width, height).data };
  };
  const page = await read('png', taken);
  const [width, height] = [Math.round(page.width / shrink), Math.round(page.height / shrink)];
  const small = drawn(page, width, height);
  small.data.forEach((value, at) => { small.data[at] = Math.round(value / 8) * 8; }); // which is half the bytes
  small.canvas.getContext('2d').putImageData(new ImageData(small.data, width), 0, 0);
  const bytes = new Uint8Array(await (await small.canvas.convertToBlob({ type: 'image/webp', quality: 1 /* lossless */ })).arrayBuffer());
  const found = { small: btoa(String.fromCharCode(...bytes)), size: [width, height], cells: [] };
  if (!kept) return found;
  const before = await read('webp', kept);
  found.before = [before.width, before.height];
  // What is longer or shorter by a line is compared as far as both go.
  const [columns, rows] = [Math.min(width, before.width), Math.min(height, before.height)];
  const other = drawn(before, before.width, before.height);
  const mean = ({ data }, across, x, y) => {
    const sum = [0, 0, 0];
    for (let dy = 0; dy < cell; dy++) for (let dx = 0; dx < cell; dx++) for (let c = 0; c < 3; c++) sum[c] += data[((y + dy) * across + x + dx) * 4 + c];
    return sum.map((value) => value / cell / cell);
  };
  for (let y = 0; y + cell <= rows; y += cell) {
    for (let x = 0; x + cell <= columns; x += cell) {
      const [a, b] = [mean(small, width, x, y), mean(other, before.width, x, y)];
      const by = Math.max(...a.map((value, c) => Math.abs(value - b[c])));
      if (by > most) found.cells.push([x * shrink, y * shrink, Math.round(by)]);
    }
  }
  return found;
}

/** wrong says in words what a picture has otherwise than the one that is kept; empty: nothing. */
function wrong({ size, before, cells }) {
  if (size[0] !== before[0] || Math.abs(size[1] - before[1]) * shrink > 24) return `it is ${size.map((n) => n * shrink).join(' × ')} px, and was ${before.map((n) => n * shrink).join(' × ')}`;
  if (cells.length <= allowed) return '';
  const [xs, ys, by] = [0, 1, 2].map((at) => cells.map((one) => one[at]));
  const end = (values) => Math.max(...values) + cell * shrink;
  return `${cells.length} cells of ${cell * shrink} px differ by up to ${Math.max(...by)} of 255, from ${Math.min(...xs)}, ${Math.min(...ys)} to ${end(xs)}, ${end(ys)}`;
}

/** shot is a picture of when all that was asked for is there. One to be kept is of what has come to rest: drawn twice it is the same. */
async function shot(page) {
  await page.waitForFunction(() => document.fonts.status === 'loaded' && !document.querySelector('.skeleton, [aria-busy=true]'));
  for (let before, taken; ; before = taken) {
    taken = await page.screenshot({ fullPage: true, animations: 'disabled' });
    if (!anew || before?.equals(taken)) return taken;
  }
}

let judge;
/** compare says what is wrong with what a page shows now, if anything is, and has the picture. */
export async function compare(page, name) {
  judge ??= await (await browser()).newPage();
  const file = `${folder}${name}.webp`;
  const kept = existsSync(file) ? readFileSync(file, 'base64') : null;
  const taken = await shot(page);
  const found = await judge.evaluate(compared, { taken: taken.toString('base64'), kept, shrink, cell, most });
  return { taken, small: Buffer.from(found.small, 'base64'), problem: kept ? wrong(found) : 'it was never taken' };
}

/** looksAsBefore compares what a page shows with the picture of that name: it says what is wrong, if anything stays so, and where it has put what it saw. */
export async function looksAsBefore(page, name) {
  const actual = `${folder}${name}.actual.png`;
  rmSync(actual, { force: true });
  for (const end = Date.now() + patience; ; ) {
    const { taken, small, problem } = await compare(page, name);
    if (process.env.SCREENSHOTS) writeFileSync(`${process.env.SCREENSHOTS}/${name}.png`, taken);
    if (anew && problem) writeFileSync(`${folder}${name}.webp`, small); // what looks the same stays the same file
    if (anew || !problem) return '';
    if (Date.now() < end) continue;
    writeFileSync(actual, taken);
    return `${name}: ${problem}. Now it is ${actual}: look at it, and if it is right, make snapshots`;
  }
}

// How soon the console shows something, and how soon a project's history, of a server beside which it runs: each time with nothing kept by the browser. It fails where
// the first paint takes longer than the limit in the middle of all times; on a busy machine it says nothing.
import { closeBrowser, finishCrawls, open, project, receiver, token } from './flows/harness.mjs';

const limit = 300; // ms
const times = 9;

const hook = await receiver();
const id = await project('Paint', hook.url);
await finishCrawls(id, 20);
const middle = (values) => Math.round(values.sort((a, b) => a - b)[values.length >> 1]);

/** painted runs in the page: when something was painted first. */
const painted = () =>
  new Promise((found) => {
    new PerformanceObserver((list) => list.getEntriesByName('first-contentful-paint').forEach(({ startTime }) => found(startTime))).observe({ type: 'paint', buffered: true });
  });

let slow = false;
for (const [name, path, credential, shown] of [
  ['sign-in', '/console', undefined, 'form'],
  ['project', `/console/projects/${id}`, token, 'table.callbacks'],
]) {
  const [first, whole] = [[], []];
  for (let turn = 0; turn < times; turn++) {
    const { page, context } = await open(path, { credential, keep: true });
    await page.locator(shown).waitFor();
    whole.push(await page.evaluate(() => performance.now()));
    first.push(await page.evaluate(painted));
    await context.close();
  }
  console.log(`${name}: first paint ${middle(first)} ms, ${shown} there after ${middle(whole)} ms at most`);
  slow ||= middle(first) > limit;
}
await closeBrowser();
await hook.close();
process.exitCode = Number(slow);

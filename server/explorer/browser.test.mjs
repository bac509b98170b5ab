// Drives the Explorer of a running Ringback in a real browser:
//   RINGBACK_URL    its base address                       (default http://127.0.0.1:8080)
//   RINGBACK_TOKEN  a session token, sent with the query   (optional: `version` needs none)
//   CHROMIUM        the browser                            (default /usr/bin/chromium)
//   SCREENSHOT      a PNG file to write at the end         (optional)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const base = new URL(process.env.RINGBACK_URL || 'http://127.0.0.1:8080');
const token = process.env.RINGBACK_TOKEN;

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
});
after(() => browser?.close());

// open returns a page that may talk to Ringback only, and the list of what went wrong on it.
async function open(context) {
  const page = await context.newPage();
  const problems = [];
  await page.route('**/*', (route) => {
    const url = new URL(route.request().url());
    if (url.host === base.host || url.protocol === 'data:' || url.protocol === 'blob:') return route.continue();
    problems.push(`request to another host: ${url}`);
    return route.abort();
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|integrity/i.test(message.text())) problems.push(message.text());
  });
  return { page, problems };
}

function link({ headers, ...params }) {
  const url = new URL('/explorer', base);
  url.search = new URLSearchParams(params);
  if (headers) url.hash = new URLSearchParams({ headers: JSON.stringify(headers) });
  return url.href;
}

// The editors draw only the lines in view; their model holds the whole text.
async function shows(page, editor, wanted) {
  const element = page.locator('.graphiql-editors .CodeMirror').nth(editor);
  await element.waitFor({ state: 'attached' });
  assert.equal(await element.evaluate((e) => e.CodeMirror.getValue()), wanted);
}
const [queryEditor, variableEditor, headerEditor] = [0, 1, 2]; // their order on the page

test('a link fills in query and variables, and Run answers, without another host', async () => {
  const { page, problems } = await open(await browser.newContext());
  const query = 'query Which {\n  version\n}';
  const variables = '{\n  "a": "x + y & z"\n}';
  const headers = token && { 'x-auth-token': token };
  await page.goto(link({ query, variables, headers }));

  await shows(page, queryEditor, query);
  await shows(page, variableEditor, variables);
  if (headers) await shows(page, headerEditor, JSON.stringify(headers));

  const [request] = await Promise.all([
    page.waitForRequest((r) => r.method() === 'POST' && !r.postData()?.includes('__schema')),
    page.getByRole('button', { name: /execute query/i }).click(),
  ]);
  const sent = request.postDataJSON();
  assert.equal(sent.query, query);
  assert.deepEqual(sent.variables, JSON.parse(variables));
  if (headers) assert.equal(await request.headerValue('x-auth-token'), token);

  const answer = page.locator('.result-window');
  await answer.getByText('"version"').waitFor();
  assert.match(await answer.innerText(), /"data"[\s\S]*"version":\s*"[^"]+"/);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  assert.deepEqual(problems, []);
});

test('a link wins over what the browser remembers', async () => {
  const { page, problems } = await open(await browser.newContext());
  await page.goto(link({ query: '{ version }', variables: '{"old": true}', headers: { 'x-kept': 'yes' } }));
  await shows(page, queryEditor, '{ version }');
  await page.waitForFunction(() => JSON.stringify(localStorage).includes('x-kept')); // saved after a pause

  await page.goto('about:blank'); // a change of the fragment alone would not load the page again
  await page.goto(link({ query: '{ __typename }' }));
  await shows(page, queryEditor, '{ __typename }');
  await shows(page, variableEditor, '');
  await shows(page, headerEditor, '{"x-kept":"yes"}'); // a link without headers keeps the typed-in token
  assert.deepEqual(problems, []);
});

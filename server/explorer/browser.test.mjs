// Drives the Explorer of a running Ringback in a real browser:
//   RINGBACK_URL    its base address                       (default http://127.0.0.1:8080)
//   RINGBACK_TOKEN  a session token, sent with the query   (optional: `version` needs none)
//   CHROMIUM        the browser                            (default Debian's chromium-headless-shell, or its chromium)
//   SCREENSHOT      a PNG file to write at the end         (optional)
//   SCREENSHOT_NARROW  one at 600 px                       (optional)
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const base = new URL(process.env.RINGBACK_URL || 'http://127.0.0.1:8080');
const token = process.env.RINGBACK_TOKEN;
const patience = 90_000; // the page takes a second of work, and CI's two cores have other tests to run

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync),
    args: [
      '--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
});
after(() => browser?.close());

// blank returns a page of a browser that has not been here before.
async function blank(t, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  t.after(() => context.close());
  return context.newPage();
}

// open returns a page that may talk to Ringback only, and the list of what went wrong on it.
async function open(t) {
  const page = await blank(t);
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

test('a link fills in query and variables, and Run answers, without another host', async (t) => {
  const { page, problems } = await open(t);
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

test('a link wins over what the browser remembers', async (t) => {
  const { page, problems } = await open(t);
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

test('a first visit has a query and a place for the token', async (t) => {
  const { page, problems } = await open(t);
  await page.goto(new URL('/explorer', base).href);
  await shows(page, headerEditor, '{\n  "x-auth-token": ""\n}');
  if (token) await page.locator('.graphiql-editors .CodeMirror').nth(headerEditor).evaluate((e, text) => e.CodeMirror.setValue(text),
    JSON.stringify({ 'x-auth-token': token }));
  await page.getByRole('button', { name: /execute query/i }).click();
  await page.locator('.result-window').getByText(token ? '"Second demo project"' : 'UNAUTHENTICATED').first().waitFor();
  assert.deepEqual(problems, []);
});

test('without its files the page says so', async (t) => {
  const page = await blank(t);
  await page.route(/graphiql.*js/, (route) => route.abort());
  await page.goto(new URL('/explorer', base).href);
  await page.getByRole('alert').getByText('The Explorer has not come').waitFor();
});

test('while its files are on their way the page says so, and takes it back', async (t) => {
  const page = await blank(t);
  await page.clock.install();
  let come;
  const late = new Promise((resolve) => { come = resolve; });
  await page.route(/react\.production.*js/, async (route) => { await late; await route.continue(); }); // holds the body up
  const visit = page.goto(new URL('/explorer', base).href);
  await page.waitForFunction(() => document.querySelector('style'));
  await page.clock.runFor(10_000);
  await page.getByRole('alert').waitFor();
  come();
  await visit;
  await page.getByRole('button', { name: /execute query/i }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
});

test('at 600 px the editors have the width, one below the other', async (t) => {
  const page = await blank(t, { viewport: { width: 600, height: 800 } });
  await page.goto(new URL('/explorer', base).href);
  const query = await page.locator('.graphiql-query-editor').boundingBox();
  const answer = await page.locator('.graphiql-response').boundingBox();
  for (const box of [query, answer]) assert.ok(box.width > 450 && box.height > 100, JSON.stringify(box));
  assert.ok(answer.y >= query.y + query.height, 'the answer stands beside the query');
  if (process.env.SCREENSHOT_NARROW) await page.screenshot({ path: process.env.SCREENSHOT_NARROW });
});

// A browser, a receiver and a server that was started elsewhere:
//   RINGBACK_URL    its base address
//   RINGBACK_TOKEN  a session token of its demo tenant
//   RINGBACK_KEY    the platform's key
//   RINGBACK_LINK   the login link that it printed
//   EMBED_PORT      of http://127.0.0.1, whose pages may show the console within them
//   CHROMIUM        the browser               (default Debian's chromium-headless-shell, which takes a third of the work of its chromium, or that)
//   SCREENSHOTS     a folder for pictures     (optional)
//   LATE            how many ms each answer is kept back at most, one more than the other: a test that waits for something else than it uses fails  (optional)
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { afterEach } from 'node:test';
import { chromium } from 'playwright-core';

export const base = new URL(process.env.RINGBACK_URL);
export const token = process.env.RINGBACK_TOKEN;
const key = process.env.RINGBACK_KEY;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// What a machine shows in two seconds when it is idle it may show in sixty beside the tests of the race detector.
const patience = 90_000;
const late = Number(process.env.LATE ?? 0);

let started;
/** browser is one for all tests of a process; it finds no host by its name. */
export const browser = () =>
  (started ??= chromium.launch({
    executablePath: process.env.CHROMIUM || ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync),
    args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'],
  }));
export const closeBrowser = async () => (await started)?.close();

// A page that nobody looks at any more goes on to listen, and to count seconds. What it showed says why a test has failed.
const opened = [];
if (process.env.NODE_TEST_CONTEXT) {
  afterEach(async (t) => {
    for (const context of opened.splice(0)) {
      if (!t.passed) for (const page of context.pages()) console.error(`${page.url()} shows:\n${await page.innerText('body').catch(String)}`);
      await context.close();
    }
  });
}

/**
 * open shows a page that talks to Ringback and these hosts only, signed in with the credential if there is one, until the test has ended or, where it
 * is kept, for longer; problems is what went wrong on it. prepare does something with it before it goes anywhere.
 */
export async function open(path, { credential, hosts = [], keep = false, prepare, ...options } = {}) {
  const context = await (await browser()).newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  if (!keep) opened.push(context);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base.origin });
  context.setDefaultTimeout(patience);
  if (late) {
    await context.route('**/graphql', async (route) => {
      await new Promise((passed) => setTimeout(passed, Math.random() * late));
      await route.continue().catch(() => undefined); // nobody may wait for it any more
    });
  }
  const page = await context.newPage();
  const problems = [];
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') && ![base.host, ...hosts].includes(host)) problems.push(`request to another host: ${host}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/the server responded with a status|ERR_INTERNET/.test(message.text())) problems.push(message.text());
  });
  if (credential) {
    await page.addInitScript((text) => {
      if (!sessionStorage.getItem('ringback.credential')) sessionStorage.setItem('ringback.credential', text);
    }, credential);
  }
  await prepare?.(page);
  await page.goto(new URL(path, base).href);
  return { page, problems, context };
}

/** graphql asks the API, as the platform unless a session is given. */
export async function graphql(query, variables = {}, session) {
  const response = await fetch(new URL('/graphql', base), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(session ? { 'x-auth-token': session } : { 'x-api-key': key }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** receiver is a customer's: it answers with status, and keeps what it got. */
export async function receiver() {
  const got = [];
  const self = { got, status: 200, headers: {}, hold: null, answer: null };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ path: request.url, headers: request.headers, body });
    if (self.hold) await self.hold;
    const answer = self.answer?.(body);
    response
      .writeHead(self.status, { 'content-type': answer ? 'application/json' : 'text/plain', ...self.headers })
      .end(answer ? JSON.stringify(answer) : `status ${self.status}`);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  server.unref(); // a test that fails does not wait for it
  self.url = `http://127.0.0.1:${server.address().port}/hook`;
  self.close = () => new Promise((closed) => server.close(closed).closeAllConnections());
  return self;
}

/** sessionOf makes a user with a role on an account, or with none (null), and a session of it. */
export async function sessionOf(role, accountId = 123123) {
  const { createUser } = await graphql('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', {
    input: { email: `${crypto.randomUUID()}@example.com`, accounts: accountId ? [{ accountId, role }] : [] },
  });
  const { createUserKey } = await graphql(`mutation ($userId: ObjectID!) { createUserKey(input: {userId: $userId}) { id secret } }`, {
    userId: createUser.user.id,
  });
  return sessionByKey(createUserKey);
}

/** sessionByKey is another session of the user whose key it is. */
export async function sessionByKey(userKey) {
  const { createSessionUsingUserKey } = await graphql(
    `mutation ($id: ObjectID!, $secret: String!) { createSessionUsingUserKey(input: {userKeyId: $id, secret: $secret}) { token } }`,
    userKey,
  );
  return createSessionUsingUserKey.token;
}

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** accessible fails where axe finds anything in what is shown now (where: within a frame), in light and in dark. */
export async function accessible(page, what, where = page) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    if (!(await where.evaluate(() => 'axe' in globalThis))) await where.evaluate(axe);
    const found = await where.evaluate(async (options) => {
      const { violations } = await globalThis.axe.run(options);
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
    }, { runOnly: tags, resultTypes: ['violations'], selectors: false });
    assert.deepEqual(found, [], `${what}, ${colorScheme}`);
    if (process.env.SCREENSHOTS) {
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/${what.replaceAll(/\W+/g, '-')}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** fits fails where a page is wider than its window: of a phone, unless another width is given. */
export async function fits(page, what, width = 360) {
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${what} is wider than ${width} px`);
}

/** fitsAll is fits for a phone and for a wall. */
export async function fitsAll(page, what) {
  const before = page.viewportSize();
  for (const width of [360, 3840]) {
    await page.setViewportSize({ width, height: 800 });
    await fits(page, what, width);
  }
  await page.setViewportSize(before);
}

/** reached fails where Tab leads past something that can be used, or where it cannot be seen where it has led. */
export async function reached(page, what) {
  const count = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
    const left = (globalThis.left = new Set(all));
    const unseen = (globalThis.unseen = []);
    document.addEventListener('focusin', ({ target }) => {
      left.delete(target);
      if (getComputedStyle(target).outlineStyle === 'none') unseen.push(target.outerHTML);
    });
    document.activeElement.blur();
    return all.length;
  });
  for (let pressed = 0; pressed <= count + 1; pressed++) await page.keyboard.press('Tab');
  const [left, unseen] = await page.evaluate(() => {
    document.activeElement.blur();
    return [[...globalThis.left].map((one) => one.outerHTML), globalThis.unseen];
  });
  assert.deepEqual([left, unseen], [[], []], what);
}

let made = 0;
/** project makes one more of an account, the demo one unless another is given; its number. */
export async function project(name = 'Flow', apiCallbackUrl = null, accountId = 123123) {
  const { createProject } = await graphql(
    'mutation($input: CreateProjectInput!) { createProject(input: $input) { project { rawID } } }',
    { input: { accountId, name: `${name} ${process.pid} ${++made}`, primaryDomain: 'https://www.example.com/', apiCallbackUrl } },
  );
  return createProject.project.rawID;
}

let crawl = process.pid * 1000;
/** finishCrawls says that so many crawls of a project have ended; their numbers, the earliest first. */
export async function finishCrawls(projectId, count) {
  const crawls = Array.from({ length: count }, () => ({ crawlId: String(++crawl), projectId }));
  await graphql('mutation ($crawls: [FinishCrawlInput!]!) { finishCrawls(input: { crawls: $crawls }) { results { errors { message } } } }', { crawls });
  return crawls.map(({ crawlId }) => crawlId);
}

export const finishCrawl = async (projectId) => (await finishCrawls(projectId, 1))[0];

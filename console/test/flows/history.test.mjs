import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { accessible, base, closeBrowser, finishCrawls, fits, graphql, open, project, receiver, sessionOf, token } from './harness.mjs';

after(async () => {
  await closeBrowser();
  await Promise.all(receivers.map((to) => to.close()));
});

const receivers = [];
/** listening is a receiver that is closed in the end. */
async function listening() {
  const to = await receiver();
  receivers.push(to);
  return to;
}

/** shown is a project of its own for a test, which calls back the receiver: its page, and what ends crawls of it. */
async function shown(name, url, account) {
  const id = await project(name, url, account);
  return { path: `/console/projects/${id}`, finish: (count = 1) => finishCrawls(id, count) };
}

/** rows are the callbacks that the page lists. */
const rows = (page) => page.locator('table.callbacks tr:has(> td.event)');
const row = (page, crawl) => rows(page).filter({ hasText: crawl });
const live = (page) => page.getByText('● Live').waitFor();

test('what has failed says why and what to do, and arrives once that is done', async () => {
  const to = await listening();
  Object.assign(to, { status: 500, headers: { 'retry-after': '900' } });
  const { path, finish } = await shown('Fails', to.url);
  const { page, problems } = await open(path, { credential: token });
  await page.getByText('No callback yet').waitFor();
  await accessible(page, 'history of nothing yet');
  await live(page);
  const [crawl] = await finish();
  await row(page, crawl).getByText('HTTP 500').waitFor();
  await row(page, crawl).getByText('Waiting').waitFor();
  await row(page, crawl).getByText(/^in 1[45] m/).waitFor();
  await row(page, crawl).click();
  await page.getByText('Look into the receiver').first().waitFor();
  await page.getByText('· Retry-After: 900').waitFor();
  await page.getByText('status 500', { exact: true }).waitFor();
  const address = page.url();
  assert.match(address, /[?&]callback=[0-9a-f-]{36}/);
  await accessible(page, 'history with a failure');

  to.status = 200;
  await page.getByRole('button', { name: 'Retry now' }).click();
  await row(page, crawl).getByText('Arrived').waitFor();
  await page.getByText('HTTP 200').waitFor();
  await page.getByText('status 200', { exact: true }).waitFor();
  // Each attempt has an address of its own, and so does what it got.
  await page.getByRole('link', { name: /^1 · / }).click();
  await page.getByText('status 500', { exact: true }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('attempt'), '1');
  await page.reload();
  await page.getByText('status 500', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText('✓ Copied').waitFor();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(curl.startsWith(`curl -i '${to.url}'`) && curl.includes(`crawl_id=${crawl}`), curl);

  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByRole('button', { name: /1 new/ }).click();
  await rows(page).first().getByText('replay of').waitFor();
  await rows(page).first().getByText('Arrived').waitFor();
  assert.equal(await rows(page).count(), 2);
  assert.equal(new Set(to.got.map(({ headers }) => headers['x-callback-ref'])).size, 1);
  assert.equal(to.got.length, 3);
  assert.deepEqual(problems, []);
});

test('all that waits is sent at once, when the receiver is mended', async () => {
  const to = await listening();
  Object.assign(to, { status: 500, headers: { 'retry-after': '900' } });
  const { path, finish } = await shown('Mended', to.url);
  const crawls = await finish(3);
  const { page, problems } = await open(path, { credential: token });
  for (const crawl of crawls) await row(page, crawl).getByText('HTTP 500').waitFor();
  await live(page);
  to.status = 200;
  await page.getByRole('button', { name: 'Retry what waits' }).click();
  await page.getByText('3 callbacks are sent now.').waitFor();
  for (const crawl of crawls) await row(page, crawl).getByText('Arrived').waitFor();
  await page.getByRole('button', { name: 'Retry what waits' }).waitFor({ state: 'detached' });
  assert.deepEqual(problems, []);
});

test('more waits than is sent at once: it is said, and pressing again goes on with the rest', async () => {
  const to = await listening();
  Object.assign(to, { status: 500, headers: { 'retry-after': '900' } });
  const { path, finish } = await shown('Backlog', to.url);
  const [crawl] = await finish();
  const { page, problems } = await open(`${path}?status=PENDING`, { credential: token });
  await row(page, crawl).getByText('HTTP 500').waitFor();
  const filters = [];
  const until = '2026-11-29T10:00:00.000001Z';
  await page.route('**/graphql', (route) => {
    const { query, variables } = JSON.parse(route.request().postData());
    if (!query.includes('mutation RetryCallbacks')) return route.fallback();
    filters.push(variables.input.filter);
    return route.fulfill({ json: { data: { retryCallbacks: { retriedCallbacks: 50000, searchedUntil: filters.length === 1 ? until : null } } } });
  });
  const press = () => page.getByRole('button', { name: 'Retry what waits' }).click();
  await press();
  await page.getByText('There are more: press again in a minute').waitFor();
  await accessible(page, 'history with a backlog');
  await press();
  await page.getByText('✓ 50000 callbacks are sent now.', { exact: true }).waitFor();
  await Promise.all([page.waitForResponse((response) => response.request().postData()?.includes('mutation RetryCallbacks')), press()]);
  const all = { status: ['PENDING'] };
  assert.deepEqual(filters, [all, { ...all, createdAfter: until }, all]);

  await page.unroute('**/graphql');
  await press();
  await page.getByText('1 callback is sent now.').waitFor();
  await page.getByText('HTTP 500').first().waitFor();
  await press();
  await page.getByRole('alert').getByText(/at most 1 within/).waitFor();
  await page.getByText(/^in \d+ s$/).first().waitFor();
  assert.equal(await page.getByText('The next may be at').count(), 0, 'the time is counted down, and stands there raw too');
  assert.deepEqual(problems, []);
});

test('what is new waits, rows stay where they are, and keys are enough', async () => {
  const to = await listening();
  const { path, finish } = await shown('Live', to.url);
  const before = await finish(30);
  const { page, problems } = await open(path, { credential: token });
  await live(page);
  await row(page, before.at(-1)).getByText('Arrived').waitFor();
  await page.getByText('30 callbacks').waitFor();
  await page.getByText('✓ Healthy').waitFor(); // it stands above the list
  const place = (crawl) => row(page, crawl).evaluate((element) => element.getBoundingClientRect().top + scrollY);
  const top = await place(before.at(-1));
  let release;
  to.hold = new Promise((resolve) => (release = resolve));
  const [first, second] = await finish(2);
  await page.getByRole('button', { name: /2 new/ }).waitFor();
  assert.equal(await row(page, first).count(), 0);
  assert.equal(await place(before.at(-1)), top, 'the list jumps');
  await page.getByRole('button', { name: /2 new/ }).click();
  await row(page, second).getByText('Sending').waitFor();
  const sent = await place(second);
  release();
  await row(page, second).getByText('Arrived').waitFor();
  assert.equal(await place(second), sent, 'a row jumps');
  await page.getByText('32 callbacks').waitFor();
  await page.getByRole('button', { name: 'Show older' }).click();
  await row(page, before[0]).waitFor();
  assert.equal(await rows(page).count(), 32);

  const focused = () => page.evaluate(() => document.activeElement.closest('tr')?.textContent ?? document.activeElement.id);
  await page.locator('main').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.match(await focused(), new RegExp(first));
  await page.keyboard.press('k');
  assert.match(await focused(), new RegExp(second));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copy as GraphQL' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Copy as GraphQL' }).waitFor({ state: 'detached' });
  await page.keyboard.press('r');
  await page.getByRole('button', { name: /1 new/ }).waitFor();
  await page.keyboard.press('/');
  assert.equal(await focused(), 'search');
  await page.keyboard.type(before[3]);
  await page.getByText('1 callback', { exact: true }).waitFor();
  await row(page, before[3]).waitFor();
  await page.locator('main').focus();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await accessible(page, 'keys');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(problems, []);
});

test('every filter stands in the address; what matches none says so; the rest goes into a file', async () => {
  const to = await listening();
  const { path, finish } = await shown('=Filters', to.url);
  to.status = 410;
  const [gone] = await finish();
  const { page, problems } = await open(path, { credential: token });
  await row(page, gone).getByText('Given up').waitFor();
  to.status = 200;
  const [arrived] = await finish();
  await page.getByText('Status any').click();
  await page.getByLabel('Given up').check();
  await page.waitForURL(/status=FAILED/);
  await page.keyboard.press('Escape');
  await page.getByText('1 callback', { exact: true }).waitFor();
  await page.locator('.drop').filter({ hasText: 'More' }).locator('summary').click();
  await page.getByLabel('HTTP status').fill('4xx');
  await page.getByLabel('HTTP status').press('Enter');
  await page.waitForURL(/http=4xx/);
  await row(page, gone).waitFor();
  await accessible(page, 'history filtered');
  await page.getByLabel('HTTP status').fill('5xx');
  await page.getByLabel('HTTP status').press('Enter');
  await page.keyboard.press('Escape');
  await page.getByText('No callback matches').waitFor();
  await accessible(page, 'history without a match');
  await page.getByRole('link', { name: 'Clear all filters' }).first().click();
  await row(page, arrived).getByText('Arrived').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  const text = await readFile(await download.path(), 'utf8');
  const lines = text.trim().split('\r\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0], /createdAt,status,event/);
  assert.ok(lines[1].includes(`SUCCESS,CRAWL_FINISHED,${arrived},`) && lines[2].includes(`FAILED,CRAWL_FINISHED,${gone},`), text);
  await page.getByText('Exported: 2.').waitFor();
  assert.deepEqual(problems, []);
});

test('a bulk replay counts first, goes on without its tab, and leaves alone what comes meanwhile', async () => {
  const to = await listening();
  const { path, finish } = await shown('Bulk', to.url);
  const arrived = await finish(4);
  const { page, problems, context } = await open(path, { credential: token });
  for (const crawl of arrived) await row(page, crawl).getByText('Arrived').waitFor();
  to.status = 410;
  const [gone] = await finish();
  await page.getByRole('button', { name: '1 new' }).click();
  await row(page, gone).getByText('Given up').waitFor();
  await page.goto(new URL(`${path}?status=SUCCESS&status=FAILED`, base).href);
  to.status = 200;
  let release;
  to.hold = new Promise((resolve) => (release = resolve));
  await page.getByRole('button', { name: 'Replay these…' }).click();
  await page.getByText('5 callbacks are sent once more.').waitFor();
  await page.getByRole('dialog').getByText(to.url).waitFor();
  await accessible(page, 'bulk replay to confirm');
  await page.getByRole('button', { name: 'Replay 5' }).click();
  const bulk = page.getByRole('group', { name: 'Bulk replay' });
  await bulk.getByText('Running').waitFor();
  await bulk.getByText('Status Arrived, Given up').waitFor();
  await bulk.getByRole('button', { name: 'Pause' }).click();
  await bulk.getByText('Paused').waitFor();
  const [later] = await finish();
  await accessible(page, 'bulk replay paused');
  await page.close();

  const again = await context.newPage();
  await again.addInitScript((text) => sessionStorage.setItem('ringback.credential', text), token);
  await again.goto(page.url());
  const there = again.getByRole('group', { name: 'Bulk replay' });
  await there.getByText('Paused').waitFor();
  release();
  await there.getByRole('button', { name: 'Resume' }).click();
  await there.getByText('Finished').waitFor();
  await there.getByText('5 of 5 done: 5 arrived, 0 given up.').waitFor();
  await there.getByRole('link', { name: 'Show the replays' }).click();
  await again.getByText('5 callbacks').waitFor();
  assert.ok(to.got.filter(({ body }) => body.includes(later)).length < 2, 'what came meanwhile was replayed');
  assert.deepEqual(problems, []);
});

test('a count that nobody waits for is cancelled', async () => {
  const to = await listening();
  const { path, finish } = await shown('Counted', to.url);
  const crawls = await finish(2);
  const { page, problems } = await open(path, { credential: token });
  for (const crawl of crawls) await row(page, crawl).getByText('Arrived').waitFor();
  const asks = (name) => (request) => Boolean(request.postData()?.includes(name));
  const cancelled = [];
  page.on('request', (request) => asks('mutation CancelBulkReplay')(request) && cancelled.push(request));
  const dialog = page.getByRole('dialog');
  const close = async () => {
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  const these = page.getByRole('button', { name: 'Replay these…' });
  await these.click();
  await dialog.getByText('2 callbacks are sent once more.').waitFor();
  await close();
  assert.equal(cancelled.length, 0, 'what has finished is not cancelled');

  // It counts for as long as the page is told nothing else.
  await page.route('**/graphql', (route) => (asks('query BulkReplay(')(route.request()) ? undefined : route.fallback()));
  await Promise.all([page.waitForRequest(asks('query BulkReplay(')), these.click()]);
  await Promise.all([page.waitForRequest(asks('mutation CancelBulkReplay')), close()]);

  // It has begun, and the page does not know of it yet.
  let begin;
  const held = new Promise((resolve) => (begin = resolve));
  await page.route('**/graphql', async (route) => {
    if (asks('mutation ReplayCallbacks')(route.request())) await held;
    return route.fallback();
  });
  await these.click();
  await close();
  assert.equal(cancelled.length, 1);
  await Promise.all([page.waitForRequest(asks('mutation CancelBulkReplay')), begin()]);
  assert.deepEqual(problems, []);
});

test('offline and back: nothing is lost', async () => {
  const to = await listening();
  const { path, finish } = await shown('Offline', to.url);
  const [first] = await finish();
  const { page, problems, context } = await open(path, { credential: token });
  await live(page);
  await row(page, first).getByText('Arrived').waitFor();
  await context.setOffline(true);
  await page.getByText('Offline: this is how it was').waitFor();
  await row(page, first).waitFor();
  const [second] = await finish();
  await context.setOffline(false);
  await live(page);
  await page.getByRole('button', { name: /1 new/ }).click();
  await row(page, second).getByText('Arrived').waitFor();
  assert.deepEqual(problems, []);
});

test('a Viewer sees all of it, and why nothing can be done', async () => {
  const to = await listening();
  Object.assign(to, { status: 500, headers: { 'retry-after': '900' } });
  const { path, finish } = await shown('Viewed', to.url);
  const [crawl] = await finish();
  const { page, problems } = await open(path, { credential: await sessionOf('Viewer') });
  await row(page, crawl).getByText('Waiting').waitFor();
  await row(page, crawl).click();
  await page.getByText('Editors and Admins of the account retry, cancel and replay').waitFor();
  await page.getByText('status 500', { exact: true }).waitFor();
  for (const name of ['Retry now', 'Retry what waits', 'Cancel', 'Replay these…']) assert.equal(await page.getByRole('button', { name }).count(), 0, name);
  await accessible(page, 'history for a Viewer');
  assert.deepEqual(problems, []);
});

for (const [locale, givenUp, settings] of [['en-GB', 'Given up', 'Settings'], ['de-DE', 'Aufgegeben', 'Einstellungen']]) {
  test(`on a phone, without a line that is too long: ${locale}`, async () => {
    const to = await listening();
    to.status = 410;
    const { path, finish } = await shown('Phone', to.url);
    const [crawl] = await finish(3);
    const { page, problems } = await open(path, { credential: token, locale, viewport: { width: 360, height: 740 }, hasTouch: true });
    await row(page, crawl).getByText(givenUp).waitFor();
    await fits(page, 'the history');
    await row(page, crawl).click();
    await page.getByText('status 410', { exact: true }).waitFor();
    await fits(page, 'a callback');
    await accessible(page, `history on a phone ${locale}`);
    await page.getByRole('button', { name: settings }).click();
    await page.getByRole('form').first().waitFor();
    await fits(page, 'the settings');
    await page.goto(new URL('/console/accounts/123123', base).href);
    await rows(page).first().waitFor();
    await fits(page, 'an account');
    assert.deepEqual(problems, []);
  });
}

test('a partner sees its notices by its key, and replays one', async () => {
  const [to, webhook] = [await listening(), await listening()];
  to.status = 410;
  const { createSSOClient } = await graphql(
    'mutation ($url: String) { createSSOClient(input: { name: "Partner of a test", webhookUrl: $url }) { ssoClient { id rawID } } }',
    { url: webhook.url },
  );
  const { id, rawID } = createSSOClient.ssoClient;
  const { createAccount } = await graphql('mutation ($id: ObjectID) { createAccount(input: { name: "Partnered", ssoClientId: $id }) { account { id rawID } } }', { id });
  const { createSSOClientKey } = await graphql('mutation ($id: ObjectID!) { createSSOClientKey(input: { ssoClientId: $id, name: "console" }) { key } }', { id });
  const { finish } = await shown('Partnered', to.url, createAccount.account.id);
  const { page, problems } = await open(`/console/partners/${rawID}`, { credential: createSSOClientKey.key });
  await page.getByText('No notice yet').waitFor();
  await accessible(page, 'partner without a notice');
  await finish();
  while (!webhook.got.length) await new Promise((later) => setTimeout(later, 50));
  await page.reload();
  await rows(page).first().getByText('Arrived').waitFor();
  await rows(page).first().click();
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByText('✓ Replayed').waitFor();
  await accessible(page, 'partner with a notice');
  await page.getByRole('button', { name: 'Replay these…' }).click();
  await page.getByRole('dialog').getByText('sent once more').waitFor();
  await page.getByRole('dialog').getByText(webhook.url).waitFor();
  let release;
  webhook.hold = new Promise((resolve) => (release = resolve));
  await page.getByRole('button', { name: 'Replay 1' }).click();
  const bulk = page.getByRole('group', { name: 'Bulk replay' });
  await bulk.getByRole('button', { name: 'Pause' }).click();
  await bulk.getByText('Paused').waitFor();
  await accessible(page, 'partner with a bulk replay');
  const { page: platforms } = await open(`/console/partners/${rawID}`, { credential: process.env.RINGBACK_KEY });
  const there = platforms.getByRole('group', { name: 'Bulk replay' });
  await there.getByRole('button', { name: 'Cancel' }).click();
  await there.getByText('Cancelled').waitFor();
  release();
  await page.reload();
  await bulk.getByText('Cancelled').waitFor();

  // What others have begun of its accounts it sees, and leaves alone.
  Object.assign(to, { status: 200, hold: new Promise((resolve) => (release = resolve)) });
  await graphql('mutation ($id: ObjectID!) { replayCallbacks(input: { owner: { accountId: $id } }) { bulkReplay { id } } }', createAccount.account);
  for (const [shown, buttons] of [[page, 0], [platforms, 2]]) {
    await shown.goto(new URL(`/console/accounts/${createAccount.account.rawID}`, base).href);
    const theirs = shown.getByRole('group', { name: 'Bulk replay' });
    await theirs.getByText('Running').waitFor();
    assert.equal(await theirs.getByRole('button').count(), buttons);
  }
  release();
  assert.deepEqual(problems, []);
});

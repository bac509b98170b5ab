import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { accessible, closeBrowser, finishCrawl, finishCrawls, graphql, open, project, receiver, sessionOf, token } from './harness.mjs';

let hook;
before(async () => (hook = await receiver()));
after(async () => {
  await closeBrowser();
  await hook.close();
});

const rows = (page) => page.locator('table.callbacks tbody tr:not(.day, .detail)');

test('set a URL, see it effective, test, fail, diagnose, mend, retry, replay', async () => {
  const id = await project();
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  await page.getByText('Not used yet').waitFor();
  await page.getByText('No callback yet').waitFor();
  await page.getByText('There is no URL').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Send test' }).isDisabled(), true);
  await accessible(page, 'project nothing yet');

  // What cannot be used is said at its field while it is typed, and is not saved.
  const url = page.getByLabel('Callback URL of this project');
  await url.fill('http://10.0.0.12/ringback');
  await page.getByText(/10\.0\.0\.12|not public/).first().waitFor();
  await accessible(page, 'project with a problem');
  await url.fill(hook.url);
  await page.getByRole('button', { name: '+ Add a header' }).click();
  await page.getByLabel('Name of header 1').fill('webhook-id');
  await page.getByLabel('Value of webhook-id').fill('x');
  await page.locator('.header .bad').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Save' }).first().isDisabled(), true);
  await page.getByLabel('Name of header 1').fill('Authorization');
  await page.getByLabel('Value of Authorization').fill('Bearer secret');
  await page.getByText('Once saved, callbacks go to').waitFor();
  await page.getByRole('button', { name: 'Save' }).first().click();
  await page.getByText('✓ Saved.').waitFor();
  const used = page.locator('.used');
  await used.getByText(hook.url).waitFor();
  await used.getByText('Authorization').waitFor();
  assert.equal(await page.getByLabel('Value of Authorization').getAttribute('type'), 'password');

  await page.keyboard.press('Escape');
  await page.locator('body').click({ position: { x: 2, y: 2 } });
  await page.keyboard.press('t');
  await page.getByText(/HTTP 200 ·/).first().waitFor();
  assert.equal(hook.got.at(-1).headers.authorization, 'Bearer secret');
  await rows(page).getByText('Test').waitFor(); // it was empty: nothing can jump

  // It fails: what is new waits behind the pill, and the open one is told of as it goes on.
  Object.assign(hook, { status: 503, headers: { 'retry-after': '900' } }); // it is not sent again before it is asked to be
  const crawl = await finishCrawl(id);
  await page.getByRole('button', { name: '1 new' }).click();
  const row = rows(page).filter({ hasText: crawl });
  await row.getByText('HTTP 503').waitFor();
  await row.getByRole('link', { name: 'Crawl finished' }).click();
  await page.locator('.detail').getByText('The receiver answered with the status 503.').waitFor();
  await page.getByText('crawl_status').waitFor();
  await page.locator('.detail summary').first().click();
  await page.getByText('status 503', { exact: true }).waitFor();
  await accessible(page, 'project failing');

  await page.getByRole('button', { name: 'Diagnose' }).click();
  await page.locator('.steps li', { hasText: 'Answer' }).getByText('✕').waitFor();
  await accessible(page, 'project diagnosed');

  hook.status = 200;
  await page.getByRole('button', { name: 'Retry now' }).click();
  await row.getByText('Arrived').waitFor();
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByText('Replayed').first().waitFor();
  await page.getByRole('button', { name: '1 new' }).click();
  await rows(page).first().getByText('replay of').waitFor();
  await page.getByText('✓ Healthy').waitFor();
  assert.deepEqual(problems, []);
});

test('filters stand in the address, and the keys move through what they let through', async () => {
  const id = await project('Flow', hook.url);
  const crawls = await finishCrawls(id, 3);
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  await rows(page).filter({ hasText: crawls[1] }).getByText('Arrived').waitFor(); // until then it cannot be replayed
  await rows(page).nth(2).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type(crawls[1]);
  await page.waitForFunction(() => document.querySelectorAll('table.callbacks tbody tr:not(.day)').length === 1);
  assert.equal(new URL(page.url()).searchParams.get('q'), crawls[1]);
  await page.getByRole('link', { name: 'Clear all filters' }).click();
  await rows(page).nth(2).waitFor();

  await page.getByText('Status any').click();
  await accessible(page, 'project filter open');
  await page.getByLabel('Given up').check();
  await page.getByText('No callback matches.').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('status'), 'FAILED');
  await page.keyboard.press('Escape');
  await accessible(page, 'project no match');
  await page.getByText('More', { exact: false }).locator('xpath=self::summary').first().click();
  await page.getByLabel('HTTP status').fill('2xx');
  await page.getByLabel('HTTP status').press('Tab');
  await page.waitForURL(/http=2xx/);
  await accessible(page, 'project all filters');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: /HTTP status 2xx/ }).click();
  await page.getByRole('link', { name: 'Clear all filters' }).first().click();
  await rows(page).nth(2).waitFor();

  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/callback=/);
  await page.locator('.detail').getByText(crawls[1], { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText('✓ Copied').waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(command, new RegExp(`^curl -i '${hook.url}'`));
  assert.match(command, new RegExp(`crawl_id=${crawls[1]}`));
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !location.search.includes('callback='));
  await page.keyboard.press('r');
  await page.getByText('Replayed').first().waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await accessible(page, 'project keys');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(problems, []);
});

test('two tabs that change the same: the second sees both', async () => {
  const id = await project();
  const [one, two] = [await open(`/console/projects/${id}`, { credential: token }), await open(`/console/projects/${id}`, { credential: token })];
  const urls = [`${hook.url}/one`, `${hook.url}/two`];
  for (const [at, { page }] of [one, two].entries()) {
    const form = page.getByRole('form', { name: 'Project' });
    await form.getByLabel('Callback URL of this project').fill(urls[at]);
    await form.getByText('Limits').click();
    await form.getByLabel('A second, at most').fill(['7', '9'][at]);
  }
  await one.page.getByRole('button', { name: 'Save' }).first().click();
  await one.page.getByText('✓ Saved.').waitFor();
  await two.page.getByRole('button', { name: 'Save' }).first().click();
  const both = two.page.getByRole('alert');
  await both.getByText(urls[0]).waitFor();
  await both.getByText(urls[1]).waitFor();
  const limit = both.getByRole('row', { name: 'A second, at most' });
  await limit.getByRole('cell', { name: '7', exact: true }).waitFor();
  await limit.getByRole('cell', { name: '9', exact: true }).waitFor();
  await accessible(two.page, 'project conflict');
  await both.getByRole('button', { name: 'Save mine' }).click();
  await two.page.locator('.used').getByText(urls[1]).waitFor();
  await one.page.getByLabel('Callback URL of this project').fill(urls[0]);
  assert.deepEqual([...one.problems, ...two.problems], []);
});

/** verified is what a receiver does with the library, whose verify wants JSON after the signature was found good. */
function verified(secret, { headers, body }) {
  try {
    new Webhook(secret).verify(body, headers);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}

test('a signing secret is shown, copied and rotated, and pause holds what waits', async () => {
  const id = await project('Flow', hook.url);
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  const secrets = page.getByRole('region', { name: 'Signing secret' });
  await secrets.getByRole('button', { name: 'Show' }).click();
  const first = await secrets.getByText(/whsec_[A-Za-z0-9+/=]{20}/).innerText();
  await secrets.getByRole('button', { name: 'Copy' }).first().click();
  await secrets.getByRole('button', { name: 'Copied' }).waitFor(); // the secret is asked for first
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), first);
  await secrets.getByRole('button', { name: 'Rotate…' }).click();
  await page.getByRole('dialog').waitFor();
  await accessible(page, 'project rotate');
  await page.getByLabel('7 days').check();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
  await secrets.getByText('Signs beside the new one until').waitFor();

  // What is sent from now on is good for the receiver by either secret, until the old one ends.
  const all = async () => {
    await secrets.getByRole('button', { name: 'Show' }).click();
    await secrets.getByText(/whsec_[A-Za-z0-9+/=]{20}/).first().waitFor();
    return secrets.getByText(/whsec_[A-Za-z0-9+/=]{20}/).allInnerTexts();
  };
  const delivered = async () => {
    const ended = await finishCrawl(id);
    while (!hook.got.at(-1)?.body.includes(ended)) await new Promise((later) => setTimeout(later, 20));
    return hook.got.at(-1);
  };
  const [second, old] = await all();
  assert.equal(old, first);
  const both = await delivered();
  for (const secret of [first, second]) verified(secret, both);
  await secrets.getByRole('button', { name: 'Rotate…' }).click();
  await page.getByLabel('no longer: at once').check();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const [third, ...others] = await all();
  assert.ok(!others.includes(second) && !others.includes(first), 'what has ended is shown');
  const last = await delivered();
  verified(third, last);
  for (const secret of [first, second]) assert.throws(() => verified(secret, last), /No matching signature/);
  await page.reload();
  await rows(page).first().waitFor(); // what comes now is new

  await page.getByRole('button', { name: 'Pause' }).first().click();
  await page.getByText('Paused since').waitFor();
  await page.locator('.word').getByText('Paused').waitFor();
  const crawl = await finishCrawl(id);
  await page.getByRole('button', { name: '1 new' }).click();
  await rows(page).filter({ hasText: crawl }).getByText('Paused').waitFor();
  const url = page.getByRole('form', { name: 'Project' }).getByLabel('Callback URL of this project');
  await url.fill(`${hook.url}/other`);
  await page.getByText('Waiting callbacks that go to the new URL: 1.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await accessible(page, 'project paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  await rows(page).filter({ hasText: crawl }).getByText('Arrived').waitFor();
  assert.deepEqual(problems, []);
});

test('a Viewer sees everything read-only, and why', async () => {
  const id = await project();
  await graphql('mutation($input: UpdateProjectInput!) { updateProject(input: $input) { project { id } } }', {
    input: { projectId: id, apiCallbackUrl: hook.url, apiCallbackHeaders: [{ key: 'Authorization', value: 'Bearer secret' }] },
  });
  await finishCrawl(id);
  const { page, problems } = await open(`/console/projects/${id}`, { credential: await sessionOf('Viewer') });
  await page.getByText('You are a Viewer here').waitFor();
  assert.equal(await page.getByLabel('Callback URL of this project').isEditable(), false);
  assert.equal(await page.getByLabel('Value of Authorization').inputValue(), '••••••');
  for (const name of ['Save', 'Send test', 'Diagnose', 'Pause', 'Rotate…']) assert.equal(await page.getByRole('button', { name }).count(), 0, name);
  await rows(page).first().getByRole('link').first().click();
  await page.locator('.detail').getByText('crawl_status').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Replay', exact: true }).count(), 0);
  await accessible(page, 'project Viewer');
  assert.deepEqual(problems, []);
});

test('offline, and back: what was typed stays, and the list goes on', async () => {
  const id = await project('Flow', hook.url);
  await finishCrawl(id);
  const { page, context, problems } = await open(`/console/projects/${id}`, { credential: token });
  await rows(page).first().waitFor();
  const url = page.getByLabel('Callback URL of this project');
  await url.waitFor();
  await context.setOffline(true);
  await url.fill(`${hook.url}/typed`);
  await page.getByRole('button', { name: 'Save' }).first().click();
  const form = page.getByRole('form', { name: 'Project' });
  await form.getByText('The server cannot be reached').waitFor();
  await accessible(page, 'project offline');
  const crawl = await finishCrawl(id);
  await context.setOffline(false);
  assert.equal(await url.inputValue(), `${hook.url}/typed`);
  await page.getByRole('button', { name: '1 new' }).click();
  await rows(page).filter({ hasText: crawl }).waitFor();
  await form.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('✓ Saved.').waitFor();
  assert.deepEqual(problems, []);
});

test('a session that has ended asks for a new one, over what was typed', async () => {
  const id = await project();
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  const url = page.getByLabel('Callback URL of this project');
  await url.fill(hook.url);
  await page.route('**/graphql', (route) => {
    const gone = route.request().postData().includes('SaveProject') && { 'x-auth-token': 'rbs_gone' };
    return route.continue({ headers: { ...route.request().headers(), ...gone } });
  });
  await page.getByRole('button', { name: 'Save' }).first().click();
  const again = page.getByRole('dialog', { name: 'Your session has ended' });
  await again.waitFor();
  await accessible(page, 'session ended');
  await page.unroute('**/graphql');
  await again.getByLabel('Sign-in link, session token or key').fill(token);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await again.waitFor({ state: 'detached' });
  assert.equal(await url.inputValue(), hook.url);
  await page.getByRole('button', { name: 'Save' }).first().click();
  await page.getByText('✓ Saved.').waitFor();
  assert.deepEqual(problems, []);
});

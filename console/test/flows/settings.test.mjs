// What somebody finds who sets a project up: by keyboard, in two tabs, beside a slow receiver.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, closeBrowser, finishCrawl, graphql, open, project, receiver, token } from './harness.mjs';

let hook;
before(async () => (hook = await receiver()));
after(async () => {
  await closeBrowser();
  await hook.close();
});

test('a header is named where the focus is, and no letter sends a test from a form', async () => {
  const id = await project('Flow', hook.url);
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  const sent = [];
  page.on('request', (request) => request.postData()?.includes('SendTest') && sent.push(request.postData()));
  await page.getByRole('button', { name: '+ Add a header' }).click();
  await page.keyboard.type('test');
  const name = page.getByLabel('Name of header 1');
  assert.equal(await name.inputValue(), 'test');
  assert.deepEqual([await name.getAttribute('placeholder'), await page.getByLabel('Value of test').getAttribute('placeholder')], ['Name', 'Value']);
  await page.getByRole('button', { name: '+ Add a header' }).focus();
  await page.keyboard.press('t');
  assert.deepEqual(sent, []);
  await accessible(page, 'project with a header');
  await page.locator('body').click({ position: { x: 2, y: 2 } });
  await page.keyboard.press('t');
  await page.getByText(/HTTP 200 ·/).first().waitFor();
  assert.equal(sent.length, 1);
  assert.deepEqual(problems, []);
});

test('a partner retries and replays what failed of its account, and does not cancel it', async () => {
  const ask = async (mutation, variables) => Object.values(await graphql(mutation, variables))[0];
  const { ssoClient } = await ask('mutation { createSSOClient(input: { name: "Resends" }) { ssoClient { id } } }');
  const { account } = await ask('mutation ($id: ObjectID!) { createAccount(input: { name: "Resent", ssoClientId: $id }) { account { rawID } } }', ssoClient);
  const { key } = await ask('mutation ($id: ObjectID!) { createSSOClientKey(input: { ssoClientId: $id, name: "flow" }) { key } }', ssoClient);
  const failing = await receiver();
  Object.assign(failing, { status: 503, headers: { 'retry-after': '900' } });
  const id = await project('Flow', failing.url, account.rawID);
  const crawl = await finishCrawl(id);
  const { page, problems } = await open(`/console/accounts/${account.rawID}`, { credential: key });
  await page.locator('table.callbacks tr').filter({ hasText: crawl }).getByRole('link', { name: 'Crawl finished' }).click();
  await page.getByRole('button', { name: 'Replay these…' }).waitFor();
  const detail = page.locator('.detail');
  await detail.getByText('HTTP 503').first().waitFor();
  assert.equal(await detail.getByRole('button', { name: 'Cancel' }).count(), 0);
  assert.equal(await detail.getByText('You are a Viewer here').count(), 0);
  failing.status = 200;
  await detail.getByRole('button', { name: 'Retry now' }).click();
  await page.getByText('It is sent now.').waitFor();
  assert.deepEqual(problems, []);
  await failing.close();
});

test('what another tab pauses is paused here, and what is typed here stays', async () => {
  const id = await project('Flow', hook.url);
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByLabel('Callback URL of this project').fill(`${hook.url}/typed`);
  await graphql('mutation ($id: ObjectID!) { pauseCallbacks(input: { owner: { projectId: $id } }) { project { id } } }', { id });
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await page.getByText('Nothing leaves but tests').waitFor();
  await page.locator('.word').getByText('Paused').waitFor();
  assert.equal(await page.getByLabel('Callback URL of this project').inputValue(), `${hook.url}/typed`);
  // Health hears of it by itself, and the settings by health.
  await graphql('mutation ($id: ObjectID!) { resumeCallbacks(input: { owner: { projectId: $id } }) { project { id } } }', { id });
  await finishCrawl(id);
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  assert.deepEqual(problems, []);
});

test('what was typed is there again after a look at another page', async () => {
  const id = await project('Flow', hook.url);
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  const url = page.getByLabel('Callback URL of this project');
  await url.fill(`${hook.url}/typed`);
  await page.getByRole('link', { name: 'Runs' }).click();
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
  await page.goBack();
  await url.waitFor();
  assert.equal(await url.inputValue(), `${hook.url}/typed`);
  await page.getByRole('button', { name: 'Save' }).first().click();
  await page.getByText('✓ Saved.').waitFor();
  assert.deepEqual(problems, []);
});

test('the test says what a slow receiver answers', async () => {
  const slow = await receiver();
  const id = await project('Flow', slow.url);
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  const part = page.getByRole('region', { name: /^Test/ });
  const button = part.getByRole('button');
  await button.click();
  await part.getByText('HTTP 200').waitFor();
  // As the server says where its patience ends before the receiver's.
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData().includes('SendTest')) return route.continue();
    const answer = await (await route.fetch()).json();
    answer.data.sendTestCallback.attempt = null;
    await route.fulfill({ json: answer });
  });
  let answered;
  slow.hold = new Promise((resolve) => (answered = resolve));
  slow.status = 201;
  await button.click();
  await part.getByText('Sending…').waitFor();
  assert.equal(await part.getByText('HTTP 200').count(), 0);
  answered();
  await part.getByText('HTTP 201').waitFor();
  assert.deepEqual(problems, []);
  await slow.close();
});

test('the focus stays where it was while something is done', async () => {
  const id = await project();
  const { page, problems } = await open(`/console/projects/${id}`, { credential: token });
  await page.getByText('Set a URL and send a test.').waitFor();
  assert.equal(await page.getByText('Copy a command that ends a crawl').count(), 0);
  const url = page.getByLabel('Callback URL of this project');
  await url.fill(hook.url);
  const press = async (name, then) => {
    const button = page.getByRole('button', { name, exact: true }).first();
    await button.focus();
    await page.keyboard.press('Enter');
    await then.waitFor();
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), 'BODY', name);
  };
  await page.getByText('Once saved, callbacks go to').waitFor();
  await press('Save', page.getByText('✓ Saved.'));
  await page.getByText('Copy a command that ends a crawl').waitFor();
  await press('Send test', page.getByText(/HTTP 200 ·/).first());
  await page.getByText('Send a test.').waitFor({ state: 'detached' });
  await press('Diagnose', page.locator('.steps li', { hasText: 'Wrong signature refused' }).getByText(/✓|▲|✕/).first());
  const crawl = await finishCrawl(id);
  await page.getByRole('button', { name: '1 new' }).click();
  const row = page.locator('table.callbacks tr').filter({ hasText: crawl });
  await row.getByText('Arrived').waitFor();
  await row.getByRole('link').first().click();
  await page.getByRole('button', { name: 'Replay', exact: true }).waitFor();
  await press('Replay', page.getByText('Replayed: '));
  await press('‖ Pause', page.getByRole('button', { name: 'Resume' }));
  await press('▶ Resume', page.getByRole('button', { name: 'Pause' }));
  assert.deepEqual(problems, []);
});

test('health is no green word where nothing has arrived, and offers nothing that waits where nothing does', async () => {
  const id = await project('Flow', hook.url);
  const counts = { pending: 0, running: 0, pendingIsExact: true, success: 0, failed: 3 };
  for (const [status, see] of [['HEALTHY', 'Nothing has arrived yet'], ['FAILING', 'Failing']]) {
    const { page, problems } = await open(`/console/projects/${id}`, {
      credential: token,
      prepare: (to) => to.route('**/graphql', async (route) => {
        if (!route.request().postData().includes('OwnerHealth')) return route.continue();
        const answer = await (await route.fetch()).json();
        const { owner } = answer.data;
        Object.assign(owner.callbackHealth, { status, counts });
        owner.callbacks.nodes = [{ uid: 'x', error: { code: 'TIMEOUT', message: 'too slow' }, attempts: { nodes: [] } }];
        await route.fulfill({ json: answer });
      }),
    });
    await page.locator('.word').getByText(see).waitFor();
    assert.equal(await page.getByText(/Show the .* wait/).count(), 0);
    assert.deepEqual(problems, []);
  }
});

test('a page of a newer server is told from one that cannot be reached', async () => {
  const id = await project('Flow', hook.url);
  const { page, context } = await open(`/console/projects/${id}`, { credential: token });
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await page.route('**/jobs*.js', (route) => route.fulfill({ status: 404, body: '' }));
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByText('Ringback was upgraded').waitFor();
  await page.unroute('**/jobs*.js');
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  // And what could not be loaded is, when the network is back.
  await context.setOffline(true);
  await page.getByRole('link', { name: 'Runs' }).click();
  await page.getByText('The server cannot be reached').waitFor();
  await context.setOffline(false);
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
});

test('a name that turns the direction of writing turns no other', async () => {
  const name = 'a\u202ebc';
  const { createProject } = await graphql('mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { rawID } } }', {
    input: { accountId: 123123, name, primaryDomain: 'https://www.example.com/' },
  });
  const { page } = await open(`/console/projects/${createProject.project.rawID}`, { credential: token });
  const link = page.locator('.crumb a').last();
  await link.waitFor();
  assert.equal(await link.evaluate((shown) => getComputedStyle(shown).unicodeBidi), 'isolate');
});

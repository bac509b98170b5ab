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

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible, base, closeBrowser, fitsAll, graphql, open, reached, sessionOf, token } from './harness.mjs';

after(closeBrowser);

const stored = (page) => page.evaluate(() => sessionStorage.getItem('ringback.credential'));

test('a stranger sees the sign-in and nothing else, and signs in with a token', async () => {
  const { page, problems } = await open('/');
  assert.equal(new URL(page.url()).pathname, '/console');
  const field = page.getByLabel('Sign-in link, session token or key');
  await field.waitFor();
  assert.equal(await page.locator('header').count(), 0);
  await accessible(page, 'sign-in');
  await fitsAll(page, 'sign-in');
  await reached(page, 'sign-in');
  await field.fill('rbs_wrong');
  await page.keyboard.press('Enter');
  await page.getByText('Not accepted').waitFor();
  assert.equal(await stored(page), null);
  await accessible(page, 'sign-in refused');
  await field.fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  await page.getByRole('link', { name: /Second demo project/ }).waitFor();
  await accessible(page, 'home');
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  assert.deepEqual(problems, []);
});

test('a user key makes a session, which signing out ends', async () => {
  const { createUserKey } = await graphql('mutation { createUserKey(input: {userId: 123123}) { id secret } }');
  const { page, problems } = await open('/console');
  await page.getByLabel('Sign-in link, session token or key').fill(createUserKey.secret);
  await page.getByLabel('Id of the user key').fill(createUserKey.id);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  const session = await stored(page);
  assert.match(session, /^rbs_/);
  await page.getByRole('button', { name: /Demo User/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await stored(page), null);
  const answer = await fetch(new URL('/graphql', base), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': session },
    body: '{"query":"{ me { id } }"}',
  });
  assert.equal(answer.status, 401);
  assert.deepEqual(problems, []);
});

test('a link asks before it takes the place of who is signed in', async () => {
  const other = await sessionOf('Viewer');
  const { page, problems } = await open('/console', { credential: other });
  await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  const link = new URL('/console#code=nonsense', base).href;
  const dialog = page.getByRole('dialog', { name: 'Sign in by this link?' });
  await page.goto(link);
  await dialog.getByText(/^You are signed in as .+@example\.com\./).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await accessible(page, 'sign-in by a link instead');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await stored(page), other);
  await page.goto(link);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.getByText('Not accepted').waitFor();
  assert.equal(await stored(page), other);
  await page.keyboard.press('Escape');
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData().includes('createSessionUsingLoginCode')) return route.fallback();
    assert.equal(route.request().headers()['x-auth-token'], undefined);
    return route.fulfill({ json: { data: { createSessionUsingLoginCode: { token } } } });
  });
  await page.goto(link);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: /Demo User/ }).waitFor();
  assert.equal(await stored(page), token);
  assert.deepEqual(problems, []);
});

test('a link says that the session has ended which it takes the place of', async () => {
  const { page, problems } = await open('/console#code=nonsense', { credential: 'rbs_gone' });
  const dialog = page.getByRole('dialog', { name: 'Sign in by this link?' });
  await dialog.getByText('Your session has ended. The link signs in').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  assert.deepEqual(problems, []);
});

test('in German a link asks too', async () => {
  const { page, problems } = await open('/console#code=nonsense', { credential: token, locale: 'de-DE' });
  await page.getByRole('dialog', { name: 'Mit diesem Link anmelden?' }).getByText(/^Sie sind als Demo User angemeldet\./).waitFor();
  await page.getByRole('heading', { name: 'Konten' }).waitFor();
  assert.equal(await stored(page), token);
  assert.deepEqual(problems, []);
});

test('the link of a notice opens the project', async () => {
  const { page, problems } = await open('/accounts/123123/projects/123/edit?step=4', { credential: token });
  await page.getByRole('link', { name: 'Second demo project' }).waitFor();
  assert.deepEqual(problems, []);
});

test('German, by the browser and by the switch', async () => {
  const { page, problems } = await open('/console', { credential: token, locale: 'de-DE' });
  await page.getByRole('heading', { name: 'Konten' }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await page.getByRole('button', { name: /Demo User/ }).click();
  await accessible(page, 'menu');
  await page.getByLabel('Sprache').selectOption('en');
  await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  assert.deepEqual(problems, []);
});

test('an error names its request and can be tried again', async () => {
  const { page } = await open('/console/projects/99999', { credential: token });
  await page.getByRole('alert').waitFor();
  await page.getByText('Request id').waitFor();
  await page.getByRole('button', { name: 'Retry' }).waitFor();
  await accessible(page, 'project not found');
});

test('a page whose code does not come says so, and comes when it is tried again', async () => {
  const { page } = await open('/console', { credential: token });
  await page.getByRole('link', { name: /Second demo project/ }).waitFor();
  await page.route('**/project.js', (route) => route.abort());
  await page.getByRole('link', { name: /Second demo project/ }).click();
  await page.getByText('Ringback was upgraded').waitFor();
  await page.unroute('**/project.js');
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('heading', { name: 'Health' }).waitFor();
});

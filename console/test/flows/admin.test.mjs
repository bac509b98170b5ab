import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible, closeBrowser, fits, graphql, open, receiver, sessionByKey, sessionOf } from './harness.mjs';

after(closeBrowser);

const key = process.env.RINGBACK_KEY;
const unique = () => `x${crypto.randomUUID().slice(0, 8)}`;

test('the platform makes accounts, users, projects and SSO clients; each problem stands at its field', async () => {
  const name = unique();
  const { page, problems } = await open('/console/admin');
  await page.getByLabel('Sign-in link, session token or key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('table', { name: 'Accounts' }).waitFor();
  await page.getByRole('button', { name: 'New account…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Time zone').fill('Nowhere/Atall');
  await dialog.getByLabel('Callback URL').fill('ftp://x');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByLabel('Time zone').and(page.locator('[aria-invalid=true]')).waitFor();
  await dialog.getByLabel('Callback URL').and(page.locator('[aria-invalid=true]')).waitFor();
  await accessible(page, 'new account refused');
  await dialog.getByLabel('Time zone').fill('Europe/Berlin');
  await dialog.getByLabel('Callback URL').fill('');
  await page.keyboard.press('Enter');
  const row = page.getByRole('table', { name: 'Accounts' }).getByRole('row', { name: new RegExp(name) });
  await row.getByRole('button', { name: 'Change…' }).click();
  await dialog.getByLabel('Time zone').fill('Asia/Tokyo');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await row.getByText('Asia/Tokyo').waitFor();
  await row.getByRole('link', { name: 'Users' }).click();
  await page.getByText('None yet.').waitFor();
  await page.getByRole('button', { name: 'New user…' }).click();
  await dialog.getByLabel('Email').fill(`${name}@example.com`);
  await dialog.getByLabel('Role').selectOption('Editor');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const user = page.getByRole('row', { name: new RegExp(`${name}@example.com`) });
  await user.getByRole('combobox').and(page.locator(':has(:checked:text("Editor"))')).waitFor();
  await user.getByRole('button', { name: 'New key…' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText(/rbk_/).waitFor();
  await page.keyboard.press('Escape');
  await accessible(page, 'users of the platform');
  await page.getByRole('button', { name: /A key/ }).click();
  await page.getByRole('link', { name: 'Administration' }).click();
  await row.getByRole('button', { name: 'New project…' }).click();
  await dialog.getByLabel('Name').fill('Shop');
  await dialog.getByLabel('Domain').fill('https://shop.example/');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  // Who has a role on one account is given one on another.
  const inAll = page.getByRole('table', { name: 'Users' }).getByRole('row', { name: new RegExp(`${name}@example.com`) });
  await inAll.getByText(name, { exact: true }).waitFor();
  await inAll.getByRole('button', { name: 'Give a role…' }).click();
  await dialog.getByLabel('Account').fill('99999');
  await dialog.getByLabel('Role').selectOption('Viewer');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Account').fill('123123');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await inAll.getByText('Demo account').waitFor();
  await accessible(page, 'administration');
  await page.setViewportSize({ width: 360, height: 800 });
  await fits(page, 'the administration');
  await page.getByRole('button', { name: /A key/ }).click();
  await page.getByRole('link', { name: 'Administration' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(problems, []);
});

test('a partner sees to its webhook, secrets and keys, and sees the failures of its accounts', async () => {
  const hook = await receiver();
  const name = unique();
  const { createSSOClient: { ssoClient } } = await graphql(
    'mutation ($name: String!) { createSSOClient(input: {name: $name}) { ssoClient { id rawID } } }', { name },
  );
  const { createSSOClientKey: { key: partner } } = await graphql(
    'mutation ($id: ObjectID!) { createSSOClientKey(input: {ssoClientId: $id, name: "console"}) { key } }', { id: ssoClient.id },
  );
  const { createAccount: { account } } = await graphql(
    'mutation ($id: ObjectID!, $name: String!) { createAccount(input: {name: $name, ssoClientId: $id}) { account { id } } }',
    { id: ssoClient.id, name: `${name} shop` },
  );
  await graphql(
    'mutation ($id: ObjectID!) { createProject(input: {accountId: $id, name: "Shop", primaryDomain: "shop.example"}) { project { id } } }', account,
  );
  const { page, problems } = await open('/console/partners', { credential: partner });
  await page.getByRole('link', { name: `${name} shop` }).waitFor();
  await page.getByText('No notice yet').waitFor();
  await accessible(page, 'partner');
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Change…' }).click();
  await dialog.getByLabel('Webhook').fill('nonsense');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.locator('[aria-invalid=true]').waitFor();
  await dialog.getByLabel('Webhook').fill(hook.url);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText(hook.url).waitFor();
  await page.getByRole('button', { name: 'Change…' }).click();
  await dialog.getByLabel('Webhook').fill('');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText(hook.url).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Change…' }).click();
  await dialog.getByLabel('Webhook').fill(hook.url);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText(hook.url).waitFor();
  await page.getByRole('button', { name: 'Send test' }).click();
  await page.getByText(/HTTP 200/).waitFor();
  assert.equal(hook.got.length, 1);
  await page.getByRole('table', { name: 'History' }).getByText('Test').waitFor();
  await page.getByRole('button', { name: 'Show secrets' }).click();
  await page.getByText(/whsec_[A-Za-z0-9+/]/).first().waitFor();
  await page.getByRole('button', { name: 'Rotate secret' }).click();
  await dialog.getByRole('button', { name: 'Rotate secret' }).click();
  await page.getByText('Secret 2').waitFor();
  assert.equal(await page.getByText(/whsec_[A-Za-z0-9+/]/).count(), 0, 'what was shown stands beside another secret');
  await page.getByRole('button', { name: 'New key…' }).click();
  await dialog.getByLabel('Name').fill('second');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText(/rbc_/).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('row', { name: /second/ }).getByRole('button', { name: 'Delete key' }).click();
  await dialog.getByRole('button', { name: 'Delete key' }).click();
  await page.getByRole('row', { name: /second/ }).waitFor({ state: 'detached' });
  await accessible(page, 'partner in use');
  for (const [permission, buttons] of [['READ', 0], ['MANAGE', 1]]) {
    const { createPortalSession: { token } } = await graphql(
      `mutation ($id: ObjectID!) { createPortalSession(input: {owner: {ssoClientId: $id}, permission: ${permission}}) { token } }`, { id: ssoClient.id },
    );
    const { page: within } = await open('/console/partners', { credential: token });
    await within.getByRole('table', { name: 'History' }).getByText('Test').waitFor();
    await within.getByRole('button', { name: /A key/ }).waitFor(); // by now it is known who looks
    if (buttons) await within.getByRole('button', { name: 'Rotate secret' }).waitFor();
    for (const name of ['Send test', 'Rotate secret']) assert.equal(await within.getByRole('button', { name }).count(), buttons, `${permission}: ${name}`);
    assert.equal(await within.getByRole('button', { name: 'New key…' }).count(), 0);
  }
  assert.deepEqual(problems, []);
  await hook.close();
});

test('an Admin changes and takes away roles, by keyboard, and others read why they cannot', async () => {
  const name = unique();
  const { createAccount: { account } } = await graphql('mutation ($name: String!) { createAccount(input: {name: $name}) { account { id rawID } } }', { name });
  const join = async (who, role) => {
    const { createUser: { user } } = await graphql('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', {
      input: { email: `${name}-${who}@example.com`, accounts: [{ accountId: account.id, role }] },
    });
    return (await graphql('mutation ($id: ObjectID!) { createUserKey(input: {userId: $id}) { id secret } }', user)).createUserKey;
  };
  const [admin, other] = [await sessionByKey(await join('ada', 'Admin')), await sessionByKey(await join('bob', 'Viewer'))];
  const path = `/console/accounts/${account.rawID}/users`;
  const { page: theirs, problems: others } = await open(path, { credential: other });
  await theirs.getByText('Only Admins of the account see its users').waitFor();

  const { page, problems } = await open(`/console/accounts/${account.rawID}`, { credential: admin });
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Users' }).click();
  const role = (who) => page.getByRole('combobox', { name: `Role: ${name}-${who}@example.com` });
  // The only Admin stays one.
  await role('ada').focus();
  await page.keyboard.press('ArrowUp');
  await page.getByText('It is your own').waitFor();
  await accessible(page, 'a role to be saved');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText(/only Admin/).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.equal(await role('ada').inputValue(), 'Admin');

  await role('bob').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
  assert.equal(await role('bob').inputValue(), 'Admin');
  await theirs.reload();
  await theirs.getByRole('table', { name: 'Users' }).waitFor();
  await role('ada').selectOption('No role');
  await page.getByText('sees nothing of the account any more').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('There is no such thing, or you may not see it.').first().waitFor();
  await theirs.reload();
  await theirs.getByRole('row', { name: /bob/ }).waitFor();
  assert.equal(await theirs.getByRole('row', { name: /ada/ }).count(), 0);
  assert.deepEqual([...problems, ...others], []);
});

test('the platform signs in, makes an account with a user, and signs out by keyboard alone, on a phone', async () => {
  const name = unique();
  const { page, problems } = await open('/console/admin', { viewport: { width: 360, height: 740 } });
  /** press goes by Tab to something, and presses keys there. */
  const press = async (locator, ...keys) => {
    await locator.waitFor();
    while (!(await locator.evaluate((element) => element === document.activeElement))) await page.keyboard.press('Tab');
    for (const key of keys) await page.keyboard.press(key);
  };
  const dialog = page.getByRole('dialog');
  await page.getByLabel('Sign-in link, session token or key').and(page.locator(':focus')).waitFor();
  await page.keyboard.type(key);
  await page.keyboard.press('Enter');
  await press(page.getByRole('button', { name: 'New account…' }), 'Enter');
  await press(dialog.getByLabel('Name'));
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await press(page.getByRole('table', { name: 'Accounts' }).getByRole('row', { name: new RegExp(name) }).getByRole('link', { name: 'Users' }), 'Enter');
  await press(page.getByRole('button', { name: 'New user…' }), 'Enter');
  await press(dialog.getByLabel('Email'));
  await page.keyboard.type(`${name}@example.com`);
  await press(dialog.getByLabel('Role'), 'End');
  await fits(page, 'a dialog');
  await press(dialog.getByRole('button', { name: 'Save' }), 'Enter');
  const role = page.getByRole('combobox', { name: `Role: ${name}@example.com` });
  await role.waitFor();
  assert.equal(await role.inputValue(), 'Admin');
  await press(page.getByRole('button', { name: /A key/ }), 'Enter');
  await press(page.getByRole('button', { name: 'Sign out' }), 'Enter');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(problems, []);
});

test('others read why there is nothing for them', async () => {
  const { page } = await open('/console/admin', { credential: await sessionOf('Viewer') });
  await page.getByRole('alert').first().waitFor();
  await page.getByText('Request id').first().waitFor();
});

// Each page in each state, for each role, in both themes: a page without a row here fails.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { accessible, closeBrowser, finishCrawl, graphql, open, project, receiver, sessionOf, token } from './harness.mjs';

let hook;
const at = {}; // the numbers that stand in addresses
before(async () => {
  hook = await receiver();
  at.used = await project('Used', hook.url);
  await finishCrawl(at.used);
  const { createAccount } = await graphql('mutation { createAccount(input: { name: "Empty" }) { account { rawID } } }');
  at.account = createAccount.account.rawID;
  const { createSSOClient: { ssoClient } } = await graphql('mutation { createSSOClient(input: { name: "Looked at" }) { ssoClient { id } } }');
  const portal = async (permission) =>
    (await graphql(
      `mutation ($id: ObjectID!) { createPortalSession(input: { owner: { ssoClientId: $id }, permission: ${permission} }) { token } }`, ssoClient,
    )).createPortalSession.token;
  at.sessions = {
    Admin: token,
    platform: process.env.RINGBACK_KEY,
    Viewer: await sessionOf('Viewer'),
    nobody: await sessionOf('Viewer', null),
    empty: await sessionOf('Admin', at.account),
    partner: (await graphql('mutation ($id: ObjectID!) { createSSOClientKey(input: { ssoClientId: $id, name: "states" }) { key } }', ssoClient))
      .createSSOClientKey.key,
    'portal that manages': await portal('MANAGE'),
    'portal that reads': await portal('READ'),
  };
});
after(async () => {
  await closeBrowser();
  await hook.close();
});

const never = (page) => page.route('**/graphql', () => {});
const broken = (page) =>
  page.route('**/graphql', (route) =>
    route.fulfill({
      json: { errors: [{ message: 'x', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'd4c3' } }] },
      headers: { 'x-request-id': 'd4c3' },
    }),
  );
// Before there is an answer no role is known.
const loading = { roles: ['Admin'], before: never, see: (page) => page.getByRole('status', { name: 'Loading…' }).first() };
const error = { roles: ['Admin'], before: broken, see: (page) => page.getByText('d4c3').first() };

// Lists and details of what runs: work.test.mjs makes some, and looks at them.
const list = (name, none) => ({
  loading: { ...loading, path: () => `/console/projects/${at.used}/${name}` },
  error: { ...error, path: () => `/console/projects/${at.used}/${name}` },
  nothing: { path: () => `/console/projects/${at.used}/${name}`, see: (page) => page.getByText(none) },
});
const item = (name) => ({
  loading: { ...loading, path: () => `/console/projects/${at.used}/${name}/1` },
  error: { ...error, path: () => `/console/projects/${at.used}/${name}/1` },
});

// What the platform and partners see: admin.test.mjs does something with it.
const operated = (address, shown, others = []) => ({
  loading: { ...loading, roles: ['platform'], path: () => address },
  error: { ...error, roles: ['platform', ...others], path: () => address },
  shown: { roles: ['platform', ...others], path: () => address, see: shown },
});

// The address of each page in each state, and what is to be seen there.
const table = {
  home: {
    loading: { ...loading, path: () => '/console' },
    error: { ...error, path: () => '/console' },
    nothing: { path: () => '/console', roles: ['nobody'], see: (page) => page.getByText('You have no role') },
    'no match': { path: () => '/console?q=nonsense', see: (page) => page.getByText('No project has this') },
    shown: { path: () => '/console', see: (page) => page.getByText('Second demo project') },
  },
  account: {
    loading: { ...loading, path: () => '/console/accounts/123123' },
    error: { ...error, path: () => '/console/accounts/123123' },
    nothing: { path: () => `/console/accounts/${at.account}`, roles: ['empty'], see: (page) => page.getByText('No callback yet') },
    'no match': { path: () => '/console/accounts/123123?host=nowhere.example.com', see: (page) => page.getByText('No callback matches') },
    shown: { path: () => '/console/accounts/123123', see: (page) => page.locator('table.callbacks') },
  },
  project: {
    loading: { ...loading, path: () => `/console/projects/${at.used}` },
    error: { ...error, path: () => `/console/projects/${at.used}` },
    nothing: { path: () => '/console/projects/1123123', see: (page) => page.getByText('No callback yet') },
    'no match': { path: () => `/console/projects/${at.used}?status=RUNNING`, see: (page) => page.getByText('No callback matches') },
    shown: { path: () => `/console/projects/${at.used}`, see: (page) => page.locator('table.callbacks') },
  },
  runs: list('runs', 'There is no run yet.'),
  jobs: list('jobs', 'There is no job yet.'),
  run: item('runs'),
  schedule: item('schedules'),
  job: item('jobs'),
  admin: operated('/console/admin', (page) => page.getByRole('table', { name: 'Accounts' })),
  partner: operated('/console/partners/1', (page) => page.getByText('No notice yet')),
  partners: {
    ...operated('/console/partners', (page) => page.getByRole('button', { name: 'Send test' }), ['partner', 'portal that manages']),
    nothing: { roles: ['partner', 'portal that manages', 'portal that reads'], path: () => '/console/partners', see: (page) => page.getByText('No notice yet') },
  },
  nothing: { shown: { path: () => '/console/nonsense', see: (page) => page.getByRole('heading', { name: 'There is no page here' }) } },
};
const states = ['loading', 'error', 'nothing', 'no match', 'shown'];

test('every page has its row, and every row its states', () => {
  const source = readFileSync(new URL('../../src/app.tsx', import.meta.url), 'utf8');
  const pages = [...source.matchAll(/^ {2}(\w+): later\(async \(\) => \(await import\(/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(table).sort(), pages.sort());
  for (const name of ['home', 'account', 'project']) assert.deepEqual(Object.keys(table[name]).sort(), [...states].sort(), name);
});

/** shown is a page of each role, which is kept; the first page of all is loaded anew for each of its states, the others are gone to as by a link. */
const shown = {};
async function goTo(name, role, path, prepare) {
  const { page } = (shown[role] ??= await open('/console/nonsense', { credential: at.sessions[role], keep: true }));
  await page.unroute('**/graphql');
  const go = (to) =>
    page.evaluate((address) => {
      history.pushState(null, '', address);
      dispatchEvent(new PopStateEvent('popstate'));
    }, to);
  if (name !== 'home') {
    await go('/console/nonsense'); // nothing of the state before stays
    await page.getByRole('heading', { name: 'There is no page here' }).waitFor();
  }
  await prepare?.(page);
  await (name === 'home' ? page.goto(new URL(path, page.url()).href) : go(path));
  return shown[role];
}

for (const [name, row] of Object.entries(table)) {
  test(`${name} in every state`, async () => {
    for (const role of Object.keys(at.sessions)) {
      for (const [state, { path, see, roles = ['Admin', 'Viewer'], before: prepare }] of Object.entries(row)) {
        if (!roles.includes(role)) continue;
        const { page, problems } = await goTo(name, role, path(), prepare);
        await see(page).waitFor();
        await page.locator('h1').first().waitFor({ state: 'attached' }); // what stands where the page's code is still to come has none
        await accessible(page, `${name} ${state} ${role}`);
        assert.deepEqual(problems, [], `${name} ${state} ${role}`);
      }
    }
  });
}

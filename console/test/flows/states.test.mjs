// Each page in each state, for each role, in both themes: a page without a row here fails.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { accessible, closeBrowser, finishCrawl, fitsAll, graphql, open, project, reached, receiver, sessionOf } from './harness.mjs';

let hook;
const at = {}; // the numbers that stand in addresses
const ask = async (mutation, variables) => Object.values(await graphql(mutation, variables))[0];

/** worked makes in a project what is listed there: a run that is carried out and one that waits for its schedule, a job that is done and one that is not. */
async function worked(projectId) {
  const name = `states${process.pid}`;
  hook.answer = () => ({ results: [{ found: 1 }], has_more: false });
  await ask('mutation ($input: CreateActionInput!) { createAction(input: $input) { action { name } } }', { input: { accountId: at.account, name, executorUrl: hook.url } });
  const run = async (more) => (await ask(
    'mutation ($input: CreateRunInput!) { createRun(input: $input) { run { rawID schedule { rawID } } } }', { input: { projectId, action: name, inputs: [{}], ...more } },
  )).run;
  at.run = (await run()).rawID;
  const waits = await run({ mode: 'SCHEDULE', schedule: { cron: '0 0 1 1 *' } });
  Object.assign(at, { waits: waits.rawID, schedule: waits.schedule.rawID });
  const { jobs } = await ask('mutation ($id: ObjectID!) { createJobs(input: { projectId: $id, inputs: [{ a: 1 }, { a: 2 }] }) { jobs { rawID } } }', { id: projectId });
  [at.job, at.undone] = jobs.map(({ rawID }) => rawID);
  await ask('mutation ($id: ObjectID!) { updateJob(input: { jobId: $id, action: RESOLVED, state: COMPLETED, output: 3 }) { job { id } } }', { id: at.job });
}

const account = async (name, ssoClientId) =>
  (await ask('mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { rawID } } }', { input: { name, ssoClientId } })).account.rawID;
/** client is a partner with a project, which a notice is of. */
async function client(name) {
  const input = { name, webhookUrl: hook.url };
  const { ssoClient } = await ask('mutation ($input: CreateSSOClientInput!) { createSSOClient(input: $input) { ssoClient { id rawID } } }', { input });
  await project(name, null, await account(name, ssoClient.id));
  return ssoClient;
}
/** replayed has begun a bulk replay of an owner, which lets through nothing. */
const replayed = (owner) =>
  ask('mutation ($owner: BulkReplayOwnerInput!) { replayCallbacks(input: { owner: $owner, filter: { host: "nowhere.example" } }) { bulkReplay { id } } }', { owner });
/** noticed has sent a partner a notice. */
const noticed = ({ id }) => ask('mutation ($id: ObjectID!) { sendTestCallback(input: { ssoClientId: $id }) { callback { uid } } }', { id });

before(async () => {
  hook = await receiver();
  at.account = await account('Looked at'); // as small as it can be: the more stands on a page, the longer axe looks at it
  at.used = await project('Used', hook.url, at.account);
  at.unused = await project('Unused', null, at.account);
  await worked(at.used);
  await finishCrawl(at.used);
  at.empty = await account('Empty');
  at.nobodys = await account('Of nobody');
  at.told = await client('Told');
  const looked = (at.looked = await client('Looked at'));
  await Promise.all([noticed(at.told), ...[{ projectId: at.used }, { ssoClientId: at.told.id }].map(replayed)]);
  const portal = async (permission) =>
    (await ask(`mutation ($id: ObjectID!) { createPortalSession(input: { owner: { ssoClientId: $id }, permission: ${permission} }) { token } }`, looked)).token;
  at.sessions = {
    Admin: await sessionOf('Admin', at.account),
    platform: process.env.RINGBACK_KEY,
    Viewer: await sessionOf('Viewer', at.account),
    nobody: await sessionOf('Viewer', null),
    empty: await sessionOf('Admin', at.empty),
    partner: (await ask('mutation ($id: ObjectID!) { createSSOClientKey(input: { ssoClientId: $id, name: "states" }) { key } }', looked)).key,
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
/** empty is a platform that has nothing yet. */
const empty = (page) => {
  const none = { totalCount: 0, nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
  return page.route('**/graphql', (route) => route.fulfill({ json: { data: { accounts: none, users: none, ssoClients: none, viewer: {} } } }));
};
const text = (words) => (page) => page.getByText(words);
const table = (name) => (page) => page.getByRole('table', { name }).getByRole('row').nth(1);
const heading = (name) => (page) => page.getByRole('heading', { name });
const notices = [table('History'), (page) => page.getByRole('group', { name: 'Bulk replay' })];

/** unanswered are the two states that every page has which asks for something. Before there is an answer no role is known. */
const unanswered = (path, roles = ['Admin'], failing = roles) => ({
  loading: { roles, path, before: never, see: [(page) => page.getByRole('status', { name: 'Loading…' })] },
  error: { roles: failing, path, before: broken, see: [text('d4c3')] },
});
const unfiltered = 'it has no filter';
const silent = 'it asks nothing';
const partners = ['partner', 'portal that manages'];

// The address of each page in each state, for whom, and what is to be seen there; or why the page has no such state.
const pages = {
  home: {
    ...unanswered(() => '/console'),
    nothing: { path: () => '/console', roles: ['nobody'], see: [text('You have no role')] },
    'no match': { path: () => '/console?q=nonsense', see: [text('No project has this')] },
    shown: { path: () => '/console', see: [text('Unused')] },
  },
  account: {
    ...unanswered(() => `/console/accounts/${at.account}`),
    nothing: { path: () => `/console/accounts/${at.empty}`, roles: ['empty'], see: [text('No callback yet')] },
    'no match': { path: () => `/console/accounts/${at.account}?host=nowhere.example.com`, see: [text('No callback matches')] },
    shown: { path: () => `/console/accounts/${at.account}`, see: notices },
  },
  project: {
    ...unanswered(() => `/console/projects/${at.used}`),
    nothing: { path: () => `/console/projects/${at.unused}`, see: [text('No callback yet')] },
    'no match': { path: () => `/console/projects/${at.used}?status=RUNNING`, see: [text('No callback matches')] },
    shown: { path: () => `/console/projects/${at.used}`, see: notices },
  },
  runs: {
    ...unanswered(() => `/console/projects/${at.used}/runs`),
    nothing: { path: () => `/console/projects/${at.unused}/runs`, see: [text('There is no run yet.'), text('There is no schedule.')] },
    'no match': { path: () => `/console/projects/${at.used}/runs?status=INVALID`, see: [text('None has this status.')] },
    shown: { path: () => `/console/projects/${at.used}/runs`, see: [table('Runs'), table('Schedules')] },
  },
  jobs: {
    ...unanswered(() => `/console/projects/${at.used}/jobs`),
    nothing: { path: () => `/console/projects/${at.unused}/jobs`, see: [text('There is no job yet.')] },
    'no match': { path: () => `/console/projects/${at.used}/jobs?status=EXPIRED`, see: [text('None has this status.')] },
    shown: { path: () => `/console/projects/${at.used}/jobs`, see: [table('Jobs')] },
  },
  run: {
    ...unanswered(() => `/console/projects/${at.used}/runs/${at.run}`),
    nothing: { path: () => `/console/projects/${at.used}/runs/${at.waits}`, see: [heading(/Scheduled/), text('There is no batch'), text('No callback was sent yet')] },
    'no match': unfiltered,
    shown: { path: () => `/console/projects/${at.used}/runs/${at.run}`, see: [heading(/Succeeded/), table('Batches'), table('Callbacks')] },
  },
  schedule: {
    ...unanswered(() => `/console/projects/${at.used}/schedules/${at.schedule}`),
    nothing: 'there is always a run that waits for it',
    'no match': { path: () => `/console/projects/${at.used}/schedules/${at.schedule}?status=INVALID`, see: [text('None has this status.')] },
    shown: { path: () => `/console/projects/${at.used}/schedules/${at.schedule}`, see: [heading(/Active/), table('Runs')] },
  },
  job: {
    ...unanswered(() => `/console/projects/${at.used}/jobs/${at.job}`),
    nothing: { path: () => `/console/projects/${at.used}/jobs/${at.undone}`, see: [heading(/Scheduled/), text('No callback was sent yet')] },
    'no match': unfiltered,
    shown: { path: () => `/console/projects/${at.used}/jobs/${at.job}`, see: [heading(/Completed/), table('Callbacks')] },
  },
  users: {
    ...unanswered(() => `/console/accounts/${at.account}/users`),
    nothing: { roles: ['platform'], path: () => `/console/accounts/${at.nobodys}/users`, see: [text('None yet.')] },
    'no match': unfiltered,
    shown: {
      roles: ['platform', 'Admin', 'Viewer'], path: () => `/console/accounts/${at.account}/users`,
      see: [(page, role) => (role === 'Viewer' ? page.getByText('Only Admins') : table('Users')(page))],
    },
  },
  admin: {
    ...unanswered(() => '/console/admin', ['platform']),
    nothing: { roles: ['platform'], path: () => '/console/admin', before: empty, see: [(page) => page.getByText('None yet.').nth(2)] },
    'no match': unfiltered,
    shown: { roles: ['platform'], path: () => '/console/admin', see: [table('Accounts'), table('Users'), table('SSO clients')] },
  },
  partner: {
    ...unanswered(() => '/console/partners/1', ['platform']),
    nothing: { roles: ['platform'], path: () => '/console/partners/1', see: [text('No notice yet')] },
    'no match': { roles: ['platform'], path: () => `/console/partners/${at.told.rawID}?status=RUNNING`, see: [text('No callback matches')] },
    shown: { roles: ['platform'], path: () => `/console/partners/${at.told.rawID}`, see: notices },
  },
  partners: {
    ...unanswered(() => '/console/partners', ['platform'], ['platform', ...partners]),
    nothing: { roles: [...partners, 'portal that reads'], path: () => '/console/partners', see: [text('No notice yet')] },
    'no match': { roles: [...partners, 'portal that reads'], path: () => '/console/partners?status=RUNNING', see: [text('No callback matches')] },
    shown: {
      make: () => noticed(at.looked), roles: ['platform', ...partners, 'portal that reads'], path: () => '/console/partners',
      see: [(page, role) => (role === 'platform' ? page.getByRole('button', { name: 'Send test' }) : table('History')(page))], // it sees the newest, whose ever that is
    },
  },
  nothing: {
    loading: silent, error: silent, nothing: silent, 'no match': silent,
    shown: { path: () => '/console/nonsense', see: [heading('There is no page here')] },
  },
};
const states = ['loading', 'error', 'nothing', 'no match', 'shown'];

test('every page has its row, and every row all states, or says why it has not', () => {
  const source = readFileSync(new URL('../../src/app.tsx', import.meta.url), 'utf8');
  const names = [...source.matchAll(/^ {2}(\w+): later\(async \(\) => \(await import\(/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(pages).sort(), names.sort());
  for (const [name, row] of Object.entries(pages)) assert.deepEqual(Object.keys(row).sort(), [...states].sort(), name);
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

for (const [name, row] of Object.entries(pages)) {
  test(`${name} in every state`, async () => {
    for (const state of states.filter((one) => typeof row[one] !== 'string')) {
      const { path, see, roles = ['Admin', 'Viewer'], before: prepare, make } = row[state];
      await make?.();
      for (const role of roles) {
        const { page, problems } = await goTo(name, role, path(), prepare);
        for (const what of see) await what(page, role).first().waitFor();
        await page.locator('h1').first().waitFor({ state: 'attached' }); // what stands where the page's code is still to come has none
        await accessible(page, `${name} ${state} ${role}`);
        await fitsAll(page, `${name} ${state} ${role}`);
        if (state === 'shown' && role === roles[0]) await reached(page, `${name} ${role}`);
        assert.deepEqual(problems, [], `${name} ${state} ${role}`);
      }
    }
  });
}

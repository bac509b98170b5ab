// The main pages look as they did when somebody looked at them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser } from './harness.mjs';
import { compare, looksAsBefore, openWorld } from './pictures.mjs';
import { opened } from './world.mjs';

const project = `/console/projects/1123123?callback=${opened.uid}`;
const pages = {
  session: {
    project, account: '/console/accounts/123123', runs: '/console/projects/1123123/runs', run: '/console/projects/1123123/runs/88', jobs: '/console/projects/1123123/jobs',
    job: '/console/projects/1123123/jobs/301', schedule: '/console/projects/1123123/schedules/12', home: '/console',
    users: '/console/accounts/123123/users',
  },
  platform: { admin: '/console/admin' },
  partner: { partner: '/console/partners/1' },
  nobody: { 'sign-in': '/console' },
  phone: { 'project-phone': project },
};
const credentials = { session: 'rbs_1', platform: 'rbp_1', partner: 'rbc_1', nobody: undefined, phone: 'rbs_1' };

after(closeBrowser);

const go = (page, to) =>
  page.evaluate((address) => {
    history.pushState(null, '', address);
    dispatchEvent(new PopStateEvent('popstate'));
  }, to);

for (const [who, addresses] of Object.entries(pages)) {
  test(`pages look as they did: ${Object.keys(addresses).join(', ')}`, async () => {
    const { page, problems, context } = await openWorld(credentials[who], who === 'phone' ? 360 : 1280);
    const found = [];
    for (const [name, address] of Object.entries(addresses)) {
      await go(page, address);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        found.push(await looksAsBefore(page, `${name}-${colorScheme}`));
      }
    }
    assert.deepEqual([...found.filter(Boolean), ...problems], []);
    await context.close();
  });
}

// What a picture of before would not tell from one of now is not held by it.
const faults = {
  'a panel that is missing': 'aside section:nth-of-type(2) { display: none }',
  'a panel that is empty': 'aside section:nth-of-type(2) * { visibility: hidden }',
  'a column that is shifted': 'aside { transform: translateX(12px) }',
  'a column that is narrower': '.columns { grid-template-columns: 1fr 300px !important }',
  'cells without room': '.callbacks td { padding-left: 0 !important }',
  'bars that are not drawn': '.bars rect { fill: none !important }',
  'another colour': ':root { --accent: #5a24d6 }',
  'no styles': '@layer { } * { all: revert !important }',
};
test('a page that is broken does not look as it did', async () => {
  const { page, context } = await openWorld(credentials.session);
  await go(page, project);
  assert.equal(await looksAsBefore(page, 'project-light'), '');
  for (const [fault, content] of Object.entries(faults)) {
    const style = await page.addStyleTag({ content });
    const { problem } = await compare(page, 'project-light');
    assert.match(problem, /cells|px/, fault);
    await style.evaluate((element) => element.remove());
  }
  await context.close();
});

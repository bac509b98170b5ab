import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from '../../example/serve.mjs';
import { accessible, base, closeBrowser, finishCrawl, graphql, open, project, receiver, sessionByKey, token } from './harness.mjs';

after(closeBrowser);

/** host is the example page, at an origin of its own. */
async function host(t, port, handed = token) {
  const server = await serve({ ringback: base.origin, token: handed, project: '123' }, port);
  t.after(() => server.close().closeAllConnections());
  const address = `http://127.0.0.1:${server.address().port}/`;
  const shown = await open(address, { hosts: [new URL(address).host] });
  return { ...shown, frame: shown.page.frameLocator('ringback-callbacks iframe') };
}

const portal = async (permission) =>
  (await graphql(
    `mutation ($permission: PortalPermission!) { createPortalSession(input: {owner: {projectId: 123}, permission: $permission}) { token } }`, { permission },
  )).createPortalSession.token;

test('a page of another origin shows a project, in its own colours, as high as it is', async (t) => {
  const handed = await portal('MANAGE');
  const { page, problems, frame } = await host(t, process.env.EMBED_PORT, handed);
  await frame.getByRole('heading', { name: 'Health' }).waitFor();
  await frame.getByRole('heading', { name: 'History' }).waitFor();
  assert.equal(await frame.locator('header').count(), 0);
  await frame.getByRole('button', { name: 'Pause' }).waitFor();
  const within = page.frames().at(-1);
  assert.equal(new URL(within.url()).pathname, '/console/embed/projects/123');
  const [accent, stored] = await within.evaluate(() => [
    getComputedStyle(document.documentElement).getPropertyValue('--accent'), sessionStorage.length,
  ]);
  assert.equal(accent, '#7a2e0e');
  assert.equal(stored, 0);
  await page.waitForFunction(() => document.querySelector('ringback-callbacks').shadowRoot.querySelector('iframe').offsetHeight > 500);
  await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
  assert.ok(!(await page.content()).includes(handed) && !page.frames().some((one) => one.url().includes(handed)));
  await accessible(page, 'embedding');
  await accessible(page, 'embedded', within);
  // What leads elsewhere stays within.
  await within.evaluate(() => {
    const link = Object.assign(document.createElement('a'), { href: '/console/projects/123/runs', textContent: 'runs' });
    document.body.append(link);
    link.click();
  });
  await frame.getByRole('heading', { name: 'Runs' }).waitFor();
  assert.equal(new URL(within.url()).pathname, '/console/embed/projects/123/runs');
  assert.deepEqual(problems, []);
});

test('a page whose session has ended is asked for another', async (t) => {
  const { createUserKey } = await graphql('mutation { createUserKey(input: {userId: 123123}) { id secret } }');
  const short = await sessionByKey(createUserKey);
  await graphql('mutation { deleteSession { token } }', {}, short);
  const { page, frame } = await host(t, process.env.EMBED_PORT, short);
  await frame.getByText('The session has ended').first().waitFor();
  // Its server knows no better than to hand over the same once more, and is not asked a third time.
  const asked = () => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/token')).length;
  await page.waitForFunction(`(${asked})() >= 2`);
  await page.evaluate(async (good) => {
    await (await fetch('/token', { method: 'POST' })).text(); // what came of the second has been handed over by now
    document.querySelector('ringback-callbacks').token = good;
  }, token);
  await frame.getByRole('heading', { name: 'Health' }).waitFor();
  await frame.getByText('The session has ended').first().waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(asked), 3);
  await graphql('mutation ($id: ObjectID!) { deleteUserKey(input: {userKeyId: $id}) { userKey { id } } }', { id: createUserKey.id }, token);
});

test('a session that only reads changes nothing, and says why', async (t) => {
  const { frame } = await host(t, process.env.EMBED_PORT, await portal('READ'));
  await frame.getByText('You are a Viewer here').first().waitFor();
  await frame.getByRole('heading', { name: 'History' }).waitFor();
  assert.equal(await frame.getByRole('button', { name: 'Pause' }).count(), 0);
});

test('a dialog stands in sight of the button that has opened it, however high the page is', async (t) => {
  const { page, frame } = await host(t, process.env.EMBED_PORT, await portal('MANAGE'));
  await frame.getByRole('button', { name: 'Diagnose' }).waitFor();
  await page.frames().at(-1).waitForFunction(() => !document.querySelector('.skeleton')); // what comes above a dialog moves it
  await page.evaluate(() => { document.body.style.paddingTop = '1500px'; });
  await page.setViewportSize({ width: 1000, height: 500 });
  await frame.getByRole('button', { name: 'Keys' }).click();
  const dialog = await frame.getByRole('dialog').boundingBox(); // in the coordinates of the page around
  assert.ok(dialog.y >= 0 && dialog.y + dialog.height <= 500, JSON.stringify(dialog));
  await page.keyboard.press('Escape');
  await frame.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await frame.getByRole('button', { name: 'Keys' }).evaluate((button) => button === document.activeElement), true);
});

test('a text is copied in a frame, and shown where the browser refuses', async (t) => {
  const { page, problems, frame } = await host(t, process.env.EMBED_PORT, await portal('MANAGE'));
  await frame.getByRole('button', { name: 'Copy link' }).click();
  await frame.getByText('✓ Copied').waitFor();
  await page.frames().at(-1).evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    document.execCommand = () => false;
  });
  await frame.getByRole('button', { name: /Copy link|Copied/ }).click();
  const text = frame.getByRole('dialog').getByRole('textbox');
  await text.waitFor();
  assert.match(await text.inputValue(), /\/console\/projects\/123$/);
  assert.deepEqual(problems, []);
});

test('what came of a click is said where it was made, however high the page is', async (t) => {
  const hook = await receiver();
  t.after(hook.close);
  await graphql('mutation ($input: UpdateProjectInput!) { updateProject(input: $input) { project { id } } }', { input: { projectId: 123, apiCallbackUrl: hook.url } });
  const crawl = await finishCrawl(123);
  const { page, frame } = await host(t, process.env.EMBED_PORT, await portal('MANAGE'));
  const row = frame.locator('table.callbacks tr').filter({ hasText: crawl });
  await row.getByText('Arrived').waitFor();
  await row.getByRole('link').first().click();
  const replay = frame.getByRole('button', { name: 'Replay', exact: true });
  await replay.waitFor();
  await page.evaluate(() => { document.body.style.paddingTop = '1500px'; });
  await page.setViewportSize({ width: 1000, height: 500 });
  await replay.click();
  const said = frame.getByText('Replayed: ');
  await said.waitFor();
  const { y, height } = await said.boundingBox(); // in the coordinates of the page around
  assert.ok(y >= 0 && y + height <= 500, `${y}`);
});

test('a token that is set again asks nothing anew, an element can be moved and hidden, and its script loaded twice', async (t) => {
  const { page, problems, frame } = await host(t, process.env.EMBED_PORT, await portal('MANAGE'));
  const asked = [];
  page.on('request', (request) => request.postData()?.includes('query Project(') && asked.push(request.postData()));
  await frame.getByRole('heading', { name: 'History' }).waitFor(); // it was answered, and is asked again by a session that is another one
  await page.evaluate(async () => {
    const token = await (await fetch('/token', { method: 'POST' })).text();
    for (const given of [token, ` ${token}\n`]) document.querySelector('ringback-callbacks').token = given;
  });
  await page.frames().at(-1).evaluate(() => new Promise((passed) => setTimeout(passed, 0)));
  assert.equal(asked.length, 1);
  await page.addScriptTag({ url: new URL('/console/embed.js', base).href });
  const shown = await page.evaluate(() => {
    const element = document.querySelector('ringback-callbacks');
    const before = [false, true].map((hidden) => ((element.hidden = hidden), getComputedStyle(element).display));
    element.hidden = false;
    element.parentNode.append(element);
    return before;
  });
  assert.deepEqual(shown, ['block', 'none']);
  await frame.getByRole('heading', { name: 'History' }).waitFor();
  assert.equal(asked.length, 2, 'by the page that was moved, which begins anew');
  assert.deepEqual(problems, []);
});

test('a key of any kind is not taken, nor what is no token at all, nor a message of anybody but the page around', async (t) => {
  const { page, frame } = await host(t, process.env.EMBED_PORT, process.env.RINGBACK_KEY);
  const refused = frame.getByText('What was handed over is no session.');
  await refused.waitFor();
  for (const handed of ['rbk_nothing', 'rbj_nothing', '{"token":"rbt_nothing"}', '']) {
    await page.evaluate((text) => {
      document.querySelector('ringback-callbacks').token = text;
    }, handed);
    await refused.waitFor();
  }
  const within = page.frames().at(-1);
  await within.evaluate((text) => postMessage({ type: 'ringback:token', token: text }, '*'), token);
  await within.evaluate(() => new Promise((passed) => setTimeout(passed, 0)));
  assert.equal(await frame.getByRole('heading', { name: 'Health' }).count(), 0);
});

test('an empty token is none', async (t) => {
  const { frame } = await host(t, process.env.EMBED_PORT, '');
  await frame.getByText('What was handed over is no session.').waitFor();
});

test('a session that never was, and one of another project, are called what they are', async (t) => {
  const { page, frame } = await host(t, process.env.EMBED_PORT, 'rbt_nothing');
  await frame.getByText('there never was one').waitFor();
  assert.equal(await frame.getByText('Sign in').count(), 0);
  const handOver = (text) => page.evaluate((given) => {
    document.querySelector('ringback-callbacks').token = given;
  }, text);
  const { createPortalSession } = await graphql(
    'mutation ($id: ObjectID!) { createPortalSession(input: {owner: {projectId: $id}, permission: READ}) { token } }', { id: await project() },
  );
  await page.waitForFunction(() => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/token')).length >= 2);
  await page.evaluate(async () => void (await (await fetch('/token', { method: 'POST' })).text())); // what came of the second has been handed over by now
  await handOver(createPortalSession.token);
  await frame.getByText('the session is of another project').first().waitFor();
  await handOver(token);
  await frame.getByRole('heading', { name: 'Health' }).waitFor();
});

test('a page of an origin that is not named is refused', async (t) => {
  const { page } = await host(t, 0);
  await page.waitForFunction(() => document.querySelector('ringback-callbacks').shadowRoot.querySelector('iframe'));
  await page.waitForLoadState('networkidle');
  assert.match(page.frames().at(-1).url(), /^chrome-error:/);
});

test('by itself it shows nothing', async () => {
  const { page, problems } = await open('/console/embed/projects/123', { credential: token });
  await page.getByText('By itself it shows nothing.').waitFor();
  assert.deepEqual(problems, []);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, open, project, receiver } from './harness.mjs';

after(closeBrowser);

/** typed carries out a command of curl as a shell would: its words are within quotes. */
async function typed(command) {
  const [url, ...words] = [...command.matchAll(/'([^']*)'/g)].map(([, word]) => word);
  const headers = words.slice(0, -1).map((header) => header.split(': '));
  const response = await fetch(url, { method: 'POST', headers, body: words.at(-1) });
  assert.equal(response.status, 200, await response.text());
}

/** seen waits until all of it is within the window: an answer that has to be looked for is none. */
const seen = async (locator) => {
  await locator.waitFor();
  await locator.evaluate(async (element) => {
    const whole = () => element.getBoundingClientRect().top >= 0 && element.getBoundingClientRect().bottom <= innerHeight;
    while (!whole()) await new Promise(requestAnimationFrame);
  });
};

test('the first visit, from the link that the server prints to a replay, is eleven clicks and no search', async () => {
  const hook = await receiver();
  const id = await project('First visit');
  let clicks = 0;
  const click = async (locator) => {
    clicks++;
    await seen(locator);
    await locator.click();
  };
  const link = new URL(process.env.RINGBACK_LINK);
  clicks++;
  const { page, problems } = await open(link.pathname + link.hash);
  await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  assert.match(await page.evaluate(() => sessionStorage.getItem('ringback.credential')), /^rbs_/);
  assert.equal(new URL(page.url()).hash, '', 'the code stays in the address');

  await click(page.locator(`a[href="/console/projects/${id}"]`));
  await page.getByLabel('Callback URL of this project').fill(hook.url);
  await click(page.getByRole('form', { name: 'Project' }).getByRole('button', { name: 'Save' }));
  await seen(page.getByText('✓ Saved.'));
  await click(page.getByRole('button', { name: 'Send test' }));
  await seen(page.getByText(/HTTP 200 ·/));

  Object.assign(hook, { status: 500, headers: { 'retry-after': '900' } });
  await click(page.getByRole('button', { name: 'Diagnose' }));
  await page.locator('.steps[aria-busy=false]').waitFor();
  await seen(page.locator('.steps li', { hasText: 'Answer' }).getByText('✕'));
  await page.locator('table.callbacks').getByText('Test').waitFor(); // what comes now is new
  await page.evaluate(() => scrollTo(0, 0));
  await click(page.getByRole('button', { name: 'Copy a command that ends a crawl' }));
  await page.getByText('✓ Copied').waitFor();
  await typed((await page.evaluate(() => navigator.clipboard.readText())).replace('PLATFORM_KEY', process.env.RINGBACK_KEY));
  await click(page.getByRole('button', { name: '1 new' }));
  const row = page.locator('table.callbacks tr:has(> td.event)').filter({ hasText: 'Crawl finished' });
  await seen(row.getByText('HTTP 500'));
  await click(row.getByRole('link', { name: 'Crawl finished' }));
  await seen(page.locator('.detail').getByText('The receiver answered with the status 500.'));
  await seen(page.locator('.detail').getByText(/^Look into the receiver's log/));

  hook.status = 200;
  await click(page.getByRole('button', { name: 'Retry now' }));
  await seen(row.getByText('Arrived'));
  await click(page.getByRole('button', { name: 'Replay', exact: true }));
  await seen(page.getByText('Replayed').first());
  await click(page.getByRole('button', { name: '1 new' }));
  await seen(row.first().getByText('replay of'));
  await row.first().getByText('Arrived').waitFor();
  assert.ok(clicks <= 11, `${clicks} clicks`);
  assert.equal(hook.got.filter(({ body }) => body.includes('crawl_id=')).length, 3);

  const second = await open(link.pathname + link.hash);
  await second.page.getByText('Not accepted').waitFor();
  assert.deepEqual([...problems, ...second.problems], []);
  await hook.close();
});

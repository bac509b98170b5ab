// Opens a page whose libraries come from the public CDN, which is played here by npm's own files: with it, with other
// files than it should have, and without it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [, , base] = process.argv;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--headless', '--disable-gpu'] });

async function open(cdn) {
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
  page.setDefaultTimeout(15_000);
  const asked = [];
  await page.route(/^https:/, (route) => {
    const url = new URL(route.request().url());
    asked.push(url.href);
    return cdn(route, url.pathname.replace(/^\/npm\//, '').replace(/(?<=.)@[\d.]+/, ''));
  });
  await page.goto(`${base}/console`);
  return { page, asked };
}
const headers = { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' };
const npm = (path) => readFileSync(new URL(`../../node_modules/${path}`, import.meta.url));

try {
  const there = await open((route, path) => route.fulfill({ headers, body: npm(path) }));
  await there.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.ok(there.asked.length >= 5);
  assert.deepEqual(there.asked.filter((url) => !url.startsWith('https://cdn.jsdelivr.net/npm/')), []);

  const changed = await open((route, path) => route.fulfill({ headers, body: `${npm(path)}\n` }));
  await changed.page.getByText('make console').waitFor();
  assert.equal(await changed.page.getByRole('heading', { name: 'Sign in' }).count(), 0);

  const away = await open((route) => route.abort());
  await away.page.getByText('make console').waitFor();
} finally {
  await browser.close();
}

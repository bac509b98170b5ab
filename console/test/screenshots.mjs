// Takes the pictures of the README (docs/pictures), of a real server beside which it runs: a customer whose callbacks have arrived,
// until the certificate of the receiver ended. .ci/with-server says what it needs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeBrowser, graphql, open, receiver, token } from './flows/harness.mjs';

const folder = new URL('../../docs/pictures/', import.meta.url).pathname;
const most = 250_000; // bytes of a picture

/** ended is a receiver by TLS whose certificate has ended; openssl makes it. */
async function ended() {
  const at = mkdtempSync(join(tmpdir(), 'ringback-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: at, stdio: 'pipe' });
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\..*Z/g, '') + 'Z';
  writeFileSync(join(at, 'index'), '');
  writeFileSync(join(at, 'ca.cnf'), '[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=IP:127.0.0.1\n');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key', '-out', 'request', '-subj', '/CN=hooks.example.com');
  openssl('ca', '-batch', '-selfsign', '-config', 'ca.cnf', '-keyfile', 'key', '-in', 'request', '-out', 'cert', '-notext', '-startdate', day(-90), '-enddate', day(-0.03));
  const server = createServer({ key: readFileSync(join(at, 'key')), cert: readFileSync(join(at, 'cert')) }, (_, response) => response.end());
  rmSync(at, { recursive: true });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `https://127.0.0.1:${server.address().port}/ringback`, close: () => server.close() };
}

const works = await receiver();
const broken = await ended();
const { createProject } = await graphql(
  `mutation ($url: String!) {
    updateAccount(input: { accountId: 123123, name: "Acme", apiCallbackUrl: $url }) { account { id } }
    createProject(input: { accountId: 123123, name: "www.example.com", primaryDomain: "https://www.example.com/", apiCallbackUrl: $url,
      apiCallbackHeaders: [{ key: "Authorization", value: "Bearer 4be1c7" }] }) { project { rawID } }
  }`,
  { url: works.url },
);
const projectId = createProject.project.rawID;
let crawl = 124_190;
const finish = (count) =>
  graphql('mutation ($crawls: [FinishCrawlInput!]!) { finishCrawls(input: { crawls: $crawls }) { results { errors { message } } } }', {
    crawls: Array.from({ length: count }, () => ({ crawlId: crawl++, projectId })),
  });
const setURL = (apiCallbackUrl) =>
  graphql('mutation ($input: UpdateProjectInput!) { updateProject(input: $input) { project { id } } }', { input: { projectId, apiCallbackUrl } });

await finish(36);
await graphql(`mutation { finishReportDownload(input: { reportDownloadId: 567890, crawlId: 124225, reportTemplateCode: "all_pages", fileUrl: "https://files.example.com/567890.zip" }) { callback { uid } } }`);
while (works.got.length < 37) await new Promise((arrived) => setTimeout(arrived, 50));
works.status = 410;
await finish(1);
while (works.got.length < 38) await new Promise((arrived) => setTimeout(arrived, 50));
await setURL(broken.url);
await finish(4);

const { page, problems } = await open(`/console/projects/${projectId}`, { credential: token, viewport: { width: 1280, height: 1080 } });
await page.locator('table.callbacks').getByText('TLS_ERROR').first().waitFor();
await page.locator('table.callbacks').getByRole('link', { name: 'Crawl finished' }).first().click();
await page.getByRole('button', { name: 'Diagnose' }).click();
await page.locator('.steps[aria-busy=false] li', { hasText: 'TLS' }).getByText('✕').waitFor();
await page.getByText('Failing').waitFor({ timeout: 60_000 }); // it is that after 10 s

/** picture is of what the page shows now, from its top. */
async function picture(name) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement?.blur(), scrollTo(0, 0)));
  const { length } = await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled' });
  console.log(`docs/pictures/${name}.png: ${length} bytes`);
  if (problems.length || length > most) throw new Error(`${name} has ${length} bytes, ${most} are allowed; ${problems}`);
}
await picture('project-light');
await page.emulateMedia({ colorScheme: 'dark' });
await picture('project-dark');
await page.emulateMedia({ colorScheme: 'light' });
await page.setViewportSize({ width: 360, height: 780 });
await picture('project-phone');

await closeBrowser();
await works.close();
broken.close();

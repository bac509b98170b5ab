import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible, closeBrowser, fits, graphql, open, project, receiver, sessionOf, token } from './harness.mjs';

after(closeBrowser);

/** action makes one of this name, and a number behind it: tests are run twice on one server. */
async function action(name, executorUrl) {
  name += Date.now();
  await graphql(
    `mutation ($name: String!, $executorUrl: String!) {
      createAction(input: {accountId: 123123, name: $name, executorUrl: $executorUrl, pageSize: 2}) { action { name } }
    }`,
    { name, executorUrl },
  );
  return name;
}

const createRun = async (input) =>
  (await graphql(`mutation ($input: CreateRunInput!) { createRun(input: $input) { run { rawID schedule { rawID } } } }`, { input })).createRun.run;

test('a run with its batches, results and callbacks; what is filtered, and what is not there', async () => {
  const executor = await receiver();
  const hook = await receiver();
  executor.answer = (body) => ({ results: [{ found: JSON.parse(body).inputs?.[0] ?? 'one' }], has_more: false });
  const look = await action('look', executor.url);
  const id = await project('Runs', hook.url);
  const { page, problems } = await open(`/console/projects/${id}/runs`, { credential: token });
  await page.getByText('There is no run yet.').waitFor();
  await page.getByText('There is no schedule.', { exact: false }).waitFor();
  await accessible(page, 'runs empty');
  const run = await createRun({ projectId: id, action: look, inputs: [{ q: 'one', customData: { mine: 1 } }, { q: 'two' }] });
  await page.reload();
  await page.getByRole('link', { name: `${look} ${run.rawID}` }).waitFor();
  await page.getByLabel('Status', { exact: true }).selectOption('STOPPED');
  await page.getByText('None has this status.').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('status'), 'STOPPED');
  await accessible(page, 'runs no match');
  await page.getByRole('link', { name: 'Show all' }).click();
  await page.getByRole('link', { name: `${look} ${run.rawID}` }).click();
  await page.getByRole('heading', { name: /Batches/ }).waitFor();
  await page.getByRole('heading', { name: /^Run .*Succeeded/ }).waitFor();
  await page.getByRole('row', { name: /Run finished/ }).waitFor();
  await page.getByText('Custom data').first().click();
  await page.getByText('"mine": 1').waitFor();
  await accessible(page, 'run');
  await page.setViewportSize({ width: 360, height: 800 });
  await fits(page, 'a run');
  await accessible(page, 'run at 360 px');
  assert.deepEqual(problems, []);
  await Promise.all([executor.close(), hook.close()]);
});

test('a run is stopped, after it was asked', async () => {
  const executor = await receiver();
  let go;
  executor.hold = new Promise((resolve) => (go = resolve));
  const slow = await action('slow', executor.url);
  const id = await project('Stop');
  const run = await createRun({ projectId: id, action: slow, inputs: [{}] });
  const { page, problems } = await open(`/console/projects/${id}/runs/${run.rawID}`, { credential: token });
  await page.getByRole('button', { name: 'Stop run' }).click();
  await accessible(page, 'stop a run');
  await page.getByRole('dialog').getByRole('button', { name: 'Stop run' }).click();
  await page.getByRole('heading', { name: /^Run .*Stopped/ }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Stop run' }).count(), 0);
  assert.deepEqual(problems, []);
  go();
  await executor.close();
});

test('a schedule says when it fires in each zone; it is paused, resumed and cancelled', async () => {
  const nightly = await action('nightly', 'http://127.0.0.1:9/never');
  const id = await project('Schedules');
  const { schedule } = await createRun({
    projectId: id, action: nightly, inputs: [{}], mode: 'SCHEDULE', schedule: { cron: '30 4 * * *', timezone: 'Asia/Tokyo' },
  });
  const { page, problems } = await open(`/console/projects/${id}/runs`, { credential: token });
  const row = page.getByRole('table', { name: 'Schedules' }).getByRole('row', { name: /30 4/ });
  await row.getByText('Asia/Tokyo').waitFor();
  await row.getByText('UTC').waitFor();
  await row.getByText(/04:30:00/).waitFor();
  await row.getByText(/19:30:00/).first().waitFor();
  await accessible(page, 'schedules');
  await row.getByRole('button', { name: 'Pause' }).click();
  await row.getByText('Paused').waitFor();
  await row.getByRole('button', { name: 'Resume' }).click();
  await row.getByText('Active').waitFor();
  await row.getByRole('link').click();
  await page.getByText('After that').waitFor();
  assert.equal(await page.getByText(/04:30:00/).count(), 5);
  await page.getByRole('button', { name: 'Cancel schedule' }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Cancel schedule' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel schedule' }).click();
  await page.getByRole('heading', { name: /Schedule .* Cancelled/ }).waitFor();
  const { getSchedule } = await graphql(`query ($id: ObjectID!) { getSchedule(id: $id) { status } }`, { id: schedule.rawID });
  assert.equal(getSchedule.status, 'CANCELLED');
  await accessible(page, 'schedule');
  assert.deepEqual(problems, []);
});

test('jobs, and one of them with what was done to it', async () => {
  const hook = await receiver();
  const id = await project('Jobs', hook.url);
  const { page, problems } = await open(`/console/projects/${id}/jobs`, { credential: token });
  await page.getByText('There is no job yet.').waitFor();
  await accessible(page, 'jobs empty');
  const { createJobs } = await graphql(
    `mutation ($id: ObjectID!) { createJobs(input: {projectId: $id, inputs: [{a: 1}, {a: 2}], tags: ["red"]}) { jobs { id rawID } } }`,
    { id },
  );
  const [job] = createJobs.jobs;
  await graphql(`mutation ($id: ObjectID!) { updateJob(input: {jobId: $id, action: RESOLVED, state: COMPLETED, output: {b: 3}}) { job { id } } }`, job);
  await page.reload();
  await page.getByLabel('Status', { exact: true }).selectOption('COMPLETED');
  await page.getByRole('row', { name: /Resolved/ }).waitFor();
  await accessible(page, 'jobs');
  await page.getByRole('link', { name: job.rawID, exact: true }).click();
  await page.getByText('"b": 3').waitFor();
  await page.getByRole('row', { name: /Job/ }).waitFor();
  await accessible(page, 'job');
  assert.deepEqual(problems, []);
  await hook.close();
});

test('a Viewer sees everything, can do nothing, and reads why', async () => {
  const viewed = await action('viewed', 'http://127.0.0.1:9/never');
  const id = await project('Viewed');
  await createRun({ projectId: id, action: viewed, inputs: [{}], mode: 'SCHEDULE', schedule: { cron: '0 0 1 1 *' } });
  const { page, problems } = await open(`/console/projects/${id}/runs`, { credential: await sessionOf('Viewer') });
  await page.getByText('You have the role Viewer here').waitFor();
  await page.getByRole('table', { name: 'Schedules' }).getByRole('row', { name: /0 0 1 1/ }).waitFor();
  assert.equal(await page.getByRole('button', { name: /Pause|Cancel/ }).count(), 0);
  await accessible(page, 'runs of a Viewer');
  assert.deepEqual(problems, []);
});

test('loading, and an error with its request, stand where the list will be', async () => {
  const id = await project('Broken');
  let state = 'fail';
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const { page } = await open('/console', { credential: token });
  await page.route('**/graphql', async (route) => {
    if (!/query Runs/.test(route.request().postData() ?? '')) return route.fallback();
    await held;
    if (state === 'pass') return route.fallback();
    return route.fulfill({
      status: 200, headers: { 'x-request-id': 'req-1' }, contentType: 'application/json',
      body: '{"data":null,"errors":[{"message":"no","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}',
    });
  });
  await page.goto(new URL(`/console/projects/${id}/runs`, page.url()).href);
  await page.locator('section', { hasText: 'Runs' }).getByRole('status', { name: 'Loading…' }).waitFor();
  await accessible(page, 'runs loading');
  release();
  await page.getByText('Something went wrong on the server.').waitFor();
  await page.getByText('req-1').waitFor();
  await accessible(page, 'runs error');
  state = 'pass';
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('There is no run yet.').waitFor();
});

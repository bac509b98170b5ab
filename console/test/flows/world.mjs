// A world that is always the same, for pictures: answers to whatever the console asks, by the schema. What is not said here is what its type has for nothing:
// a field that is asked for one day needs no line here.
import { readFileSync, readdirSync } from 'node:fs';
import { buildSchema, execute, getNamedType, isEnumType, isListType, isNonNullType, isObjectType, parse } from 'graphql';

/** now is when all of it is looked at. */
export const now = '2026-11-28T14:40:00Z';
/** ago is a moment so many minutes before that. */
const ago = (minutes) => new Date(Date.parse(now) - minutes * 60_000).toISOString();
const uid = (n) => `6f1c2a${String(n).padStart(2, '0')}-5d0e-4b7a-9c3e-0a1b2c3d4e5f`;
const list = (...nodes) => ({ nodes, edges: nodes.map((node, place) => ({ cursor: `c${place}`, node })), totalCount: nodes.length, totalCountIsExact: true });

const ada = { firstName: 'Ada', lastName: 'Lovelace', username: 'ada@acme.example', rawID: '7' };
const url = 'https://hooks.acme.example/ringback';
const headers = [{ key: 'Authorization', value: '••••••••' }];
const account = {
  id: 'A1', rawID: '123123', name: 'Acme', timezone: 'Europe/Berlin', role: 'Admin', version: 3,
  apiCallbackUrl: 'https://acme.example/callbacks', apiCallbackHeaders: [...headers, { key: 'X-Team', value: 'search' }], apiCallbackMaxInFlight: 16,
};
const place = { id: 'P1', rawID: '1123123', name: 'www.acme.example', account };

const refused = { code: 'HTTP_STATUS', message: 'the receiver answered with the status 503' };
const ended = { code: 'TLS_ERROR', message: 'the certificate of hooks.acme.example ended on 2026-11-27 at 23:59' };
const callback = (n, minutes, more) => ({
  id: `C${n}`, uid: uid(n), event: 'CRAWL_FINISHED', status: 'SUCCESS', httpStatus: 200, attemptCount: 1, createdAt: ago(minutes), finishedAt: ago(minutes - 0.02),
  targetUrl: url, crawl: { rawID: String(124_190 + n) }, project: place, ...more,
});
const waits = { status: 'PENDING', httpStatus: null, finishedAt: null };
/** opened is the callback with all its details. */
export const opened = callback(4, 38, {
  ...waits, httpStatus: 503, attemptCount: 2, error: refused, nextAttemptAt: ago(-2), givesUpAt: ago(-1580), ref: 'crawl-124194', contentType: 'application/x-www-form-urlencoded',
  payload: 'crawl_id=124194&project_id=1123123&status=Finished',
  attempts: ({ before }) => {
    const all = [
      { uid: uid(41), number: 1, startedAt: ago(38), durationMs: 412, httpStatus: 503, error: refused, timings: { dnsMs: 12, connectMs: 31, tlsMs: 64, firstByteMs: 300 } },
      {
        uid: uid(42), number: 2, startedAt: ago(8), durationMs: 1630, httpStatus: 503, error: refused, timings: { dnsMs: 8, connectMs: 29, tlsMs: 61, firstByteMs: 1530 },
        remedy: "Look into the receiver's log: it got the request and could not answer it.", url, responseBody: '{"error":"the queue is full","retry":true}',
        requestHeaders: [{ name: 'Authorization', value: '••••••••' }, { name: 'Content-Type', value: 'application/x-www-form-urlencoded' }],
        responseHeaders: [{ name: 'Content-Type', value: 'application/json' }], remoteAddress: '203.0.113.10:443', httpVersion: 'HTTP/2.0', tlsVersion: 'TLS 1.3', trigger: 'RETRY',
      },
    ];
    return { ...list(...all), nodes: [all[before ? 0 : 1]] };
  },
});
const bulk = {
  id: 'B1', status: 'RUNNING', matched: 1280, done: 512, succeeded: 500, failed: 4, skipped: 8, startedAt: ago(3), createdBy: ada, mayPause: true, mayCancel: true,
  filter: { status: ['FAILED'], event: ['CRAWL_FINISHED', 'JOB_UPDATED'], createdAfter: ago(1440) },
  skippedReasons: [{ reason: 'REPLAYED_ENOUGH', count: 6 }, { reason: 'TEST', count: 2 }],
};
const callbacks = ({ filter, first, last }) => {
  if (first === 1 && filter) return list({ ...opened, attempts: list({ remedy: 'Renew the certificate of hooks.acme.example.' }), error: ended });
  return list(
    callback(1, 2, { ...waits, status: 'RUNNING', attemptCount: 0 }),
    callback(2, 9, { event: 'REPORT_DOWNLOAD_GENERATED', crawl: null, reportDownload: { reportId: '567890' } }),
    callback(3, 21, { replayOf: { uid: uid(9), createdAt: ago(1490) } }),
    opened,
    callback(5, 1451, { status: 'FAILED', httpStatus: null, attemptCount: 12, error: ended }),
    callback(6, 1466, { event: 'RUN_FINISHED', crawl: null, run: { uid: uid(60) } }),
    callback(7, 1490, { event: 'JOB_UPDATED', crawl: null, job: { uuid: uid(70) }, attemptCount: 3 }),
  );
};

const health = {
  status: 'FAILING', failingSince: ago(38), oldestPendingAt: ago(38), counts: { pending: 3, running: 1, pendingIsExact: true, success: 1204, failed: 17 },
  causes: [{ code: 'TLS_ERROR', count: 12 }, { code: 'HTTP_STATUS', count: 5 }], arrival: { p50Ms: 212, p99Ms: 4100 }, receiver: { p50Ms: 96, p99Ms: 1630 },
  buckets: Array.from({ length: 24 }, (_, hour) => ({ startsAt: ago((24 - hour) * 60), success: 20 + ((hour * 37) % 60), failed: hour % 7 ? 0 : 9 })),
};
const well = { status: 'HEALTHY' };

const project = {
  ...place, version: 4, primaryDomain: 'https://www.acme.example/', apiCallbackUrl: url, apiCallbackHeaders: headers, apiCallbackMaxPerSecond: 20,
  effectiveApiCallback: {
    url, source: 'PROJECT', headers: [{ key: 'Authorization', value: '••••••••', source: 'PROJECT' }, { key: 'X-Team', value: 'search', source: 'ACCOUNT' }],
  },
  effectiveApiCallbackLimits: { maxInFlight: 16, maxPerSecond: 20, source: 'ACCOUNT' },
  callbackSigningSecrets: [{ createdAt: ago(2000) }, { createdAt: ago(90_000), expiresAt: ago(-1440) }],
  callbackHealth: health, callbacks, bulkReplays: list(bulk),
};

const run = {
  id: 'R1', rawID: '88', uid: uid(60), status: 'PARTIAL_SUCCEEDED', action: 'summarise', callbackUrl: url, callbackOn: 'FINAL', inputCount: 250, batchCount: 3, outputCount: 198,
  createdAt: ago(1500), startedAt: ago(1499), finishedAt: ago(1466), parameters: { maxResults: 1, pageSize: 100 }, createdByUser: ada, project,
  error: { message: 'one batch of three was not carried out', label: 'BATCH_FAILED', scope: 'EXECUTOR' },
};
const runs = list(
  { ...run, rawID: '90', uid: uid(62), status: 'RUNNING', outputCount: 40, error: null, createdAt: ago(12), finishedAt: null },
  { ...run, rawID: '89', uid: uid(61), status: 'SCHEDULED', outputCount: 0, error: null, createdAt: ago(700), finishedAt: null },
  run,
  { ...run, rawID: '87', uid: uid(59), status: 'SUCCEEDED', outputCount: 250, error: null, createdAt: ago(3000), finishedAt: ago(2950) },
);
const call = (number, more) => ({ uid: uid(80 + number), number, startedAt: ago(1499 - number), durationMs: 820, httpStatus: 200, ...more });
run.batches = list(
  { uid: uid(81), page: 1, status: 'SUCCEEDED', resultCount: 100, attempts: [call(1)], input: [{ url: 'https://www.acme.example/' }] },
  { uid: uid(82), page: 2, status: 'SUCCEEDED', resultCount: 98, attempts: [call(1, { httpStatus: 502, errorCode: 'HTTP_STATUS' }), call(2)] },
  { uid: uid(83), page: 3, status: 'FAILED', error: { message: 'the model refuses the input', label: 'MODEL_REFUSED' }, attempts: [call(1)] },
);
run.callbacks = list(callback(6, 1466, { event: 'RUN_FINISHED' }));

const fires = ['11-30', '12-01', '12-02', '12-03', '12-04'].map((day) => `2026-${day}T11:30:00Z`);
const schedule = {
  id: 'S1', rawID: '12', uid: uid(12), cron: '30 6 * * 1-5', timezone: 'America/New_York', overlap: 'SKIP', status: 'ACTIVE', nextRunAt: fires[0], nextRunsAt: fires, lastRunAt: ago(700),
  createdAt: ago(50_000), project, runs,
};
const once = { ...schedule, rawID: '11', cron: null, at: '2026-11-24T09:00:00Z', status: 'COMPLETED', nextRunAt: null, nextRunsAt: [], lastRunAt: '2026-11-24T09:00:00Z' };
const job = {
  id: 'J1', rawID: '301', uuid: uid(70), state: 'COMPLETED', input: { text: 'Is this page about shoes?', page: 'https://www.acme.example/shoes' }, output: { answer: 'yes', score: 0.98 },
  tags: ['shoes', 'review'], correct: true, lastAction: 'ACCEPTED', createdAt: ago(1600), updatedAt: ago(1490), completedAt: ago(1490), createdByUser: ada, project,
  callbacks: list(callback(7, 1490, { event: 'JOB_UPDATED', attemptCount: 3 })),
};
const jobs = list({ ...job, rawID: '303', state: 'IN_PROGRESS', correct: null, lastAction: null, tags: [], completedAt: null }, { ...job, rawID: '302', state: 'EXPIRED', lastAction: null }, job);
Object.assign(project, { runs, jobs, schedules: list(schedule, once) });

const accounts = list(
  { ...account, callbackHealth: health, projects: list({ ...project, callbackHealth: health }, { ...project, id: 'P2', rawID: '1123124', name: 'shop.acme.example', primaryDomain: 'https://shop.acme.example/', callbackHealth: well }) },
  { ...account, id: 'A2', rawID: '123124', name: 'Second account', role: 'Viewer', timezone: 'UTC', callbackHealth: { status: 'PAUSED' }, projects: list() },
);
const partner = {
  id: 'O1', rawID: '1', name: 'Crawl Platform', webhookUrl: 'https://platform.example/notices', noticeMode: 'DIGEST', callbackHealth: well,
  webhookSigningSecrets: [{ createdAt: ago(2000) }], keys: [{ id: 'K1', name: 'Production', createdAt: ago(90_000) }], bulkReplays: list(),
  callbacks: ({ first, filter }) => (first === 1 && filter ? list() : list(
    callback(31, 20, { event: 'CALLBACK_RECOVERED', crawl: null }), callback(32, 58, { event: 'CALLBACK_FAILED', crawl: null, httpStatus: 500, attemptCount: 2 }),
  )),
};

const query = {
  getProject: project,
  getAccount: { ...accounts.nodes[0], callbacks, users: list({ role: 'Admin', user: ada }), bulkReplays: list() },
  getSSOClient: partner,
  getCallback: ({ uid: wanted }) => (wanted === opened.uid ? opened : null),
  getRun: run,
  getSchedule: schedule,
  getJob: job,
  accounts,
  ssoClients: list(partner),
  users: list({ ...ada, roles: list(...accounts.nodes.map((one) => ({ role: one.role, account: one }))) }),
};

const root = new URL('../../../', import.meta.url);
const schema = buildSchema(readdirSync(root).filter((name) => name.endsWith('.graphqls')).map((name) => readFileSync(new URL(name, root), 'utf8')).join('\n'));

const nothing = { Int: 0, Float: 0, Boolean: false, DateTime: ago(60) };
/** emptyOf is a value of a type that says as little as it may. */
function emptyOf(type) {
  if (!isNonNullType(type)) return null;
  if (isListType(type.ofType)) return [];
  const named = getNamedType(type);
  if (isObjectType(named)) return {};
  return isEnumType(named) ? named.getValues()[0].value : (nothing[named.name] ?? named.name);
}

/** answer is what the world says to a request of who has the credential. */
export const answer = ({ query: text, variables }, credential) =>
  execute({
    schema, document: parse(text), variableValues: variables,
    rootValue: { ...query, viewer: { user: credential.startsWith('rbs_') ? ada : null, ssoClient: credential.startsWith('rbc_') ? partner : null } },
    fieldResolver: (of, args, _, { fieldName, returnType }) => {
      const value = of[fieldName];
      return (typeof value === 'function' ? value(args) : value) ?? emptyOf(returnType);
    },
  });

import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { useAsk, useEvery } from '../parts/ask.ts';
import { Act, Facts, InProject, ReadOnly, Value } from '../parts/detail.tsx';
import { List, StatusFilter, wantedStatus } from '../parts/list.tsx';
import { Loaded } from '../parts/state.tsx';
import { Time, Until } from '../parts/time.tsx';
import { here, place, useHere } from '../place.ts';
import type { Route } from '../route.ts';
import { mayChange } from '../settings/role.ts';
import { texts } from '../texts/work.ts';
import { callbackHead, callbackRow, sent } from '../work/callbacks.tsx';
import { runHead, runRow, runStatuses, someRuns } from '../work/runs.tsx';
import { ScheduleList } from '../work/schedules.tsx';
import { StateTag } from '../work/state.tsx';

const list = graphql(
  `query Runs($id: ObjectID!, $after: String, $status: [RunStatus!]) {
    getProject(id: $id) { runs(first: 20, after: $after, filter: { status: $status }) { ...SomeRuns } }
  }`,
  [someRuns],
);

/** Runs are a project's runs, and the schedules by which they begin. */
export function Runs({ route }: { route: Route }) {
  const t = texts.value;
  const status = wantedStatus(runStatuses);
  return (
        <InProject id={route.project!}>
          <List
            title={t.nav.runs}
            tools={<StatusFilter statuses={runStatuses} />}
            document={list}
            variables={{ id: route.project!, status: status && [status] }}
            of={(data) => data.getProject?.runs}
            head={runHead()}
            row={(run) => runRow(run, route.project!)}
            wanted={Boolean(status)}
            none={
              <>
                <p>{t.work.noRuns}</p>
                <p class="hint">{t.work.noRunsHint}</p>
              </>
            }
          />
          <ScheduleList project={route.project!} />
        </InProject>
  );
}

const one = graphql(
  `query Run($id: ObjectID!) {
    getRun(id: $id) {
      id rawID uid status mode action callbackUrl callbackOn inputCount batchCount outputCount createdAt startedAt finishedAt payloadPurgedAt
      parameters { maxResults pageSize }
      error { message label scope statusCode params }
      createdByUser { username }
      schedule { rawID cron at timezone }
      project { ...Here }
    }
  }`,
  [here],
);
const batches = graphql(`
  query Batches($id: ObjectID!, $after: String) {
    getRun(id: $id) {
      batches(first: 20, after: $after) {
        totalCount
        nodes {
          uid page status input customData results resultCount error { message label } attemptCount nextAttemptAt finishedAt
          attempts { uid number startedAt durationMs httpStatus errorCode }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);
const callbacks = graphql(
  `query RunCallbacks($id: ObjectID!, $after: String) { getRun(id: $id) { callbacks(first: 20, after: $after) { ...Sent } } }`,
  [sent],
);
const stop = graphql(`mutation StopRun($input: StopRunInput!) { stopRun(input: $input) { run { id } } }`);

/** Run is one of them, with its batches, their results and its callbacks. */
export function Run({ route }: { route: Route }) {
  const t = texts.value.work;
  const id = route.item!;
  const asked = useAsk(one, { id });
  const run = asked.data.value?.getRun;
  useHere(run?.project);
  const goesOn = run?.status === 'RUNNING' || run?.status === 'QUEUED';
  useEvery(5000, goesOn, asked.again);
  // The lists are asked for anew with what the run has come to.
  const round = run ? run.batchCount + run.outputCount + Number(Boolean(run.finishedAt)) : 0;
  return (
    <Loaded of={asked}>
      {() =>
        run && (
          <>
            <section aria-labelledby="run">
              <h2 id="run">
                {t.run} {run.rawID} <small>{run.action}</small> <StateTag of={run.status} />
              </h2>
              <ReadOnly />
              {goesOn && mayChange('project', place.value.role) && (
                <Act label={t.stop} sure={t.stopHint} work={() => ask(stop, { input: { runId: run.id } }).then(asked.again)} />
              )}
              {run.error && (
                <p>
                  <span class="tag bad">✕ {run.error.label}</span> {run.error.message} <span class="soft">{t.scopes[run.error.scope as 'EXECUTOR']}</span>
                </p>
              )}
              <Facts
                of={[
                  [t.uid, <code>{run.uid}</code>],
                  [t.inputs, run.inputCount],
                  [t.batches, run.batchCount],
                  [t.results, run.parameters.maxResults ? `${run.outputCount} / ${run.inputCount * run.parameters.maxResults}` : run.outputCount],
                  [t.pageSize, run.parameters.pageSize],
                  [t.sends, t.callbackOn[run.callbackOn]],
                  [t.target, run.callbackUrl ? <code>{run.callbackUrl}</code> : t.inherited],
                  [t.schedule, run.schedule && run.project && (
                    <a href={`/console/projects/${run.project.rawID}/schedules/${run.schedule.rawID}`}>
                      {run.schedule.cron ? <code>{run.schedule.cron}</code> : t.once}
                    </a>
                  )],
                  [t.by, run.createdByUser?.username],
                  [t.created, <Time at={run.createdAt} whole />],
                  [t.started, run.startedAt && <Time at={run.startedAt} whole />],
                  [t.finished, run.finishedAt && <Time at={run.finishedAt} whole />],
                  [t.purged, run.payloadPurgedAt && <Time at={run.payloadPurgedAt} whole />],
                ]}
              />
              <Value name={t.details} of={run.error?.params} />
            </section>
            <List
              title={t.batches}
              document={batches}
              variables={{ id }}
              round={round}
              of={(data) => data.getRun?.batches}
              head={[t.page, t.status, t.results, t.calls, t.data]}
              none={<p>{t.noBatches}</p>}
              row={(batch) => [
                batch.page,
                <StateTag of={batch.status} />,
                batch.resultCount,
                <>
                  {batch.attempts.map(({ uid, number, startedAt, durationMs, httpStatus, errorCode }) => (
                    <div key={uid}>
                      {number} · <Time at={startedAt} /> {errorCode ?? (httpStatus ? `HTTP ${httpStatus}` : '…')} {durationMs !== null && `${durationMs} ms`}
                    </div>
                  ))}
                  {batch.nextAttemptAt && <Until at={batch.nextAttemptAt} text={t.next} />}
                </>,
                <>
                  {batch.error && <p title={batch.error.label}>{batch.error.message}</p>}
                  <Value name={t.input} of={batch.input} />
                  <Value name={t.customData} of={batch.customData} />
                  <Value name={t.results} of={batch.results} />
                </>,
              ]}
            />
            <List
              title={texts.value.nav.callbacks}
              document={callbacks}
              variables={{ id }}
              round={round}
              of={(data) => data.getRun?.callbacks}
              head={callbackHead()}
              row={callbackRow}
              none={<p>{t.noCallbacks}</p>}
            />
          </>
        )
      }
    </Loaded>
  );
}

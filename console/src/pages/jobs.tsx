import { graphql } from '../api/graphql.ts';
import { useAsk, useEvery } from '../parts/ask.ts';
import { Facts, InProject, Value } from '../parts/detail.tsx';
import { List, StatusFilter, wantedStatus } from '../parts/list.tsx';
import { Loaded } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { here, useHere } from '../place.ts';
import type { Route } from '../route.ts';
import { texts } from '../texts/work.ts';
import { callbackHead, callbackRow, sent } from '../work/callbacks.tsx';
import { StateTag } from '../work/state.tsx';

const states = ['SCHEDULED', 'IN_PROGRESS', 'SUSPENDED', 'COMPLETED', 'FAILED', 'CANCELED', 'EXPIRED'] as const;

const list = graphql(`
  query Jobs($id: ObjectID!, $after: String, $state: [JobState!]) {
    getProject(id: $id) {
      jobs(first: 20, after: $after, filter: { state: $state }) {
        totalCount
        nodes { rawID uuid state lastAction tags correct createdAt completedAt }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

/** Jobs are a project's jobs. */
export function Jobs({ route }: { route: Route }) {
  const t = texts.value.work;
  const state = wantedStatus(states);
  return (
      <InProject id={route.project!}>
        <List
          title={texts.value.nav.jobs}
          tools={<StatusFilter statuses={states} />}
          document={list}
          variables={{ id: route.project!, state: state && [state] }}
          of={(data) => data.getProject?.jobs}
          head={[t.status, t.job, t.lastAction, t.tags, t.created, t.finished]}
          wanted={Boolean(state)}
          none={
            <>
              <p>{t.noJobs}</p>
              <p class="hint">{t.noJobsHint}</p>
            </>
          }
          row={(job) => [
            <StateTag of={job.state} />,
            <a href={`/console/projects/${route.project}/jobs/${job.rawID}`} title={job.uuid}>
              {job.rawID}
            </a>,
            job.lastAction && t.jobActions[job.lastAction],
            job.tags.join(', '),
            <Time at={job.createdAt} whole />,
            job.completedAt && <Time at={job.completedAt} whole />,
          ]}
        />
      </InProject>
  );
}

const one = graphql(
  `query Job($id: ObjectID!) {
    getJob(id: $id) {
      rawID uuid state input output metadata tags callbackUrl correct lastAction createdAt updatedAt completedAt
      createdByUser { username }
      project { ...Here }
    }
  }`,
  [here],
);
const callbacks = graphql(
  `query JobCallbacks($id: ObjectID!, $after: String) { getJob(id: $id) { callbacks(first: 20, after: $after) { ...Sent } } }`,
  [sent],
);

/** Job is one of them, with what it works on, and its callbacks. */
export function Job({ route }: { route: Route }) {
  const t = texts.value.work;
  const id = route.item!;
  const asked = useAsk(one, { id });
  const job = asked.data.value?.getJob;
  useHere(job?.project);
  useEvery(5000, Boolean(job && !job.completedAt), asked.again);
  return (
    <Loaded of={asked}>
      {() =>
        job && (
          <>
            <section aria-labelledby="job">
              <h2 id="job">
                {t.job} {job.rawID} <StateTag of={job.state} />
              </h2>
              <Facts
                of={[
                  [t.uid, <code>{job.uuid}</code>],
                  [t.lastAction, job.lastAction && t.jobActions[job.lastAction]],
                  [t.correct, job.correct === null ? null : job.correct ? t.yes : t.no],
                  [t.tags, job.tags.join(', ')],
                  [t.target, job.callbackUrl ? <code>{job.callbackUrl}</code> : t.inherited],
                  [t.by, job.createdByUser?.username],
                  [t.created, <Time at={job.createdAt} whole />],
                  [t.changed, <Time at={job.updatedAt} whole />],
                  [t.finished, job.completedAt && <Time at={job.completedAt} whole />],
                ]}
              />
              <Value name={t.input} of={job.input} open />
              <Value name={t.output} of={job.output} open />
              <Value name={t.metadata} of={job.metadata} />
            </section>
            <List
              title={texts.value.nav.callbacks}
              document={callbacks}
              variables={{ id }}
              round={Date.parse(job.updatedAt)}
              of={(data) => data.getJob?.callbacks}
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

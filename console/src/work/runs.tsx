import { graphql, type Answer } from '../api/graphql.ts';
import { Time } from '../parts/time.tsx';
import { texts } from '../texts/work.ts';
import { StateTag } from './state.tsx';

export const runStatuses = [
  'RUNNING', 'QUEUED', 'SCHEDULED', 'SUCCEEDED', 'PARTIAL_SUCCEEDED', 'FAILED', 'BLOCKED', 'STOPPED', 'CREATED', 'INVALID',
] as const;

export const someRuns = graphql(`
  fragment SomeRuns on RunConnection {
    totalCount
    nodes { rawID uid action status inputCount outputCount error { label message } createdAt finishedAt }
    pageInfo { hasNextPage endCursor }
  }
`);

type Run = Answer<typeof someRuns>['nodes'][number];

export const runHead = (): string[] => {
  const t = texts.value.work;
  return [t.status, t.action, t.inputs, t.results, t.cause, t.created, t.finished];
};

/** runRow leads to a run of a project. */
export const runRow = (run: Run, project: string) => [
  <StateTag of={run.status} />,
  <a href={`/console/projects/${project}/runs/${run.rawID}`} title={run.uid}>
    {run.action} {run.rawID}
  </a>,
  run.inputCount,
  run.outputCount,
  run.error && <span title={run.error.message}>{run.error.label}</span>,
  <Time at={run.createdAt} whole />,
  run.finishedAt && <Time at={run.finishedAt} whole />,
];

import { graphql } from '../api/graphql.ts';
import { useAsk, useEvery } from '../parts/ask.ts';
import { Facts, ReadOnly } from '../parts/detail.tsx';
import { List, StatusFilter, wantedStatus } from '../parts/list.tsx';
import { Loaded } from '../parts/state.tsx';
import { moment } from '../parts/format.ts';
import { Time, zone } from '../parts/time.tsx';
import { here, useHere } from '../place.ts';
import type { Route } from '../route.ts';
import { locale } from '../texts/texts.ts';
import { texts } from '../texts/work.ts';
import { runHead, runRow, runStatuses, someRuns } from '../work/runs.tsx';
import { Actions, Next, schedule, When } from '../work/schedules.tsx';
import { StateTag } from '../work/state.tsx';

const one = graphql(`query Schedule($id: ObjectID!) { getSchedule(id: $id) { ...Schedule nextRunsAt project { ...Here } } }`, [schedule, here]);
const runs = graphql(
  `query ScheduleRuns($id: ObjectID!, $after: String, $status: [RunStatus!]) {
    getSchedule(id: $id) { runs(first: 20, after: $after, filter: { status: $status }) { ...SomeRuns } }
  }`,
  [someRuns],
);
/** Later are the times after the next, in its own zone and in the account's. */
const Later = ({ of: { nextRunsAt, timezone } }: { of: { nextRunsAt: string[]; timezone: string } }) => (
  <>
    {nextRunsAt.slice(1).map((at) => (
      <div key={at}>
        <time dateTime={at}>{moment(at, timezone, locale.value)}</time>
        {zone() !== timezone && <span class="soft"> · {moment(at, zone(), locale.value)}</span>}
      </div>
    ))}
  </>
);

/** Schedule is one of them, with its runs. */
export function Schedule({ route }: { route: Route }) {
  const t = texts.value.work;
  const id = route.item!;
  const asked = useAsk(one, { id });
  const found = asked.data.value?.getSchedule;
  useHere(found?.project);
  useEvery(5000, found?.status === 'ACTIVE', asked.again);
  const status = wantedStatus(runStatuses);
  return (
    <Loaded of={asked}>
      {() =>
        found && (
          <>
            <section aria-labelledby="schedule">
              <h2 id="schedule">
                {t.schedule} <When of={found} /> <StateTag of={found.status} />
              </h2>
              <ReadOnly />
              <Actions of={found} done={asked.again} />
              <Facts
                of={[
                  [t.next(''), found.nextRunAt && <Next of={found} />],
                  [t.thenRuns, found.nextRunsAt.length > 1 && <Later of={found} />],
                  [t.lastRun, found.lastRunAt && <Time at={found.lastRunAt} whole />],
                  [t.zone, found.timezone],
                  [t.overlap, t.overlaps[found.overlap]],
                  [t.uid, <code>{found.uid}</code>],
                  [t.created, <Time at={found.createdAt} whole />],
                ]}
              />
            </section>
            <List
              title={texts.value.nav.runs}
              tools={<StatusFilter statuses={runStatuses} />}
              document={runs}
              variables={{ id, status: status && [status] }}
              round={found.lastRunAt ? Date.parse(found.lastRunAt) : 0}
              of={(data) => data.getSchedule?.runs}
              head={runHead()}
              row={(run) => runRow(run, route.project!)}
              wanted={Boolean(status)}
              none={<p>{t.noRuns}</p>}
            />
          </>
        )
      }
    </Loaded>
  );
}

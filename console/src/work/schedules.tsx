import { useSignal } from '@preact/signals';
import { ask } from '../api/client.ts';
import { graphql, type Answer } from '../api/graphql.ts';
import { Act } from '../parts/detail.tsx';
import { moment } from '../parts/format.ts';
import { List } from '../parts/list.tsx';
import { Time, Until, zone } from '../parts/time.tsx';
import { place } from '../place.ts';
import { mayChange } from '../settings/role.ts';
import { locale } from '../texts/texts.ts';
import { texts } from '../texts/work.ts';
import { StateTag } from './state.tsx';

export const schedule = graphql(`fragment Schedule on Schedule { id rawID uid cron at timezone overlap status nextRunAt lastRunAt createdAt }`);
const list = graphql(
  `query Schedules($id: ObjectID!, $after: String) {
    getProject(id: $id) {
      schedules(first: 20, after: $after) { totalCount nodes { ...Schedule } pageInfo { hasNextPage endCursor } }
    }
  }`,
  [schedule],
);
const pause = graphql(`mutation PauseSchedule($input: PauseScheduleInput!) { pauseSchedule(input: $input) { schedule { id } } }`);
const resume = graphql(`mutation ResumeSchedule($input: ResumeScheduleInput!) { resumeSchedule(input: $input) { schedule { id } } }`);
const cancel = graphql(`mutation CancelSchedule($input: CancelScheduleInput!) { cancelSchedule(input: $input) { schedule { id } } }`);

type Schedule = Answer<typeof schedule>;

/** ScheduleList is part of the page of a project's runs. */
export function ScheduleList({ project }: { project: string }) {
  const t = texts.value.work;
  const round = useSignal(0);
  return (
    <List
      title={t.schedules}
      document={list}
      variables={{ id: project }}
      round={round.value}
      of={(data) => data.getProject?.schedules}
      head={[t.status, t.when, t.next(''), t.lastRun, t.actions]}
      none={<p>{t.noSchedules}</p>}
      row={(found) => [
        <StateTag of={found.status} />,
        <a href={`/console/projects/${project}/schedules/${found.rawID}`} title={found.uid}>
          <When of={found} />
        </a>,
        <Next of={found} />,
        found.lastRunAt && <Time at={found.lastRunAt} whole />,
        <Actions of={found} done={() => round.value++} />,
      ]}
    />
  );
}

export const When = ({ of: { cron, at } }: { of: Schedule }) => (cron ? <code>{cron}</code> : at ? <Time at={at} whole /> : null);

/** Next is when it fires next, in its own zone, in the account's and in UTC, as far as these differ. */
export function Next({ of: { nextRunAt, timezone } }: { of: Schedule }) {
  if (!nextRunAt) return null;
  return (
    <>
      <Until at={nextRunAt} text={(span) => texts.value.work.next(span)} />
      {[...new Set([timezone, zone(), 'UTC'])].map((name) => (
        <div key={name}>
          <time dateTime={nextRunAt}>{moment(nextRunAt, name, locale.value)}</time> <span class="soft">{name}</span>
        </div>
      ))}
    </>
  );
}

export function Actions({ of: { id, status }, done }: { of: Schedule; done: () => void }) {
  const t = texts.value.work;
  if (!mayChange('project', place.value.role)) return null;
  const input = { scheduleId: id };
  return (
    <div class="row">
      {status === 'ACTIVE' && <Act label={t.pause} work={() => ask(pause, { input }).then(done)} />}
      {status === 'PAUSED' && <Act label={t.resume} work={() => ask(resume, { input }).then(done)} />}
      {(status === 'ACTIVE' || status === 'PAUSED') && <Act label={t.end} sure={t.endHint} work={() => ask(cancel, { input }).then(done)} />}
    </div>
  );
}

import { signal } from '@preact/signals';
import { graphql, type Answer } from '../api/graphql.ts';

/** Whether callbacks of the project that is open have somewhere to go. */
export const ready = signal(false);

const effective = graphql(`
  fragment Effective on EffectiveApiCallback { url source headers { key value source } }
`);
const projectFields = graphql(
  `fragment ProjectFields on Project {
    id rawID version apiCallbackUrl apiCallbackHeaders { key value } apiCallbackMaxInFlight apiCallbackMaxPerSecond
    pausedAt pausedBy { firstName lastName username }
    effectiveApiCallback { ...Effective }
    effectiveApiCallbackLimits { maxInFlight maxPerSecond source }
  }`,
  [effective],
);
const accountFields = graphql(`
  fragment AccountFields on Account {
    id rawID name version role timezone apiCallbackUrl apiCallbackHeaders { key value } apiCallbackMaxInFlight apiCallbackMaxPerSecond
    pausedAt pausedBy { firstName lastName username }
  }
`);

export const projectSettings = graphql(
  `query ProjectSettings($id: ObjectID!) { getProject(id: $id) { name ...ProjectFields account { ...AccountFields } } }`,
  [projectFields, accountFields],
);
export const accountSettings = graphql(`query AccountSettings($id: ObjectID!) { getAccount(id: $id) { ...AccountFields } }`, [accountFields]);

export const saveProject = graphql(
  `mutation SaveProject($input: UpdateProjectInput!) { updateProject(input: $input) { movedCallbacks project { ...ProjectFields account { ...AccountFields } } } }`,
  [projectFields, accountFields],
);
export const saveAccount = graphql(
  `mutation SaveAccount($input: UpdateAccountInput!) { updateAccount(input: $input) { movedCallbacks account { ...AccountFields } } }`,
  [accountFields],
);

export const check = graphql(
  `query Check($input: CheckCallbackInput!) {
    checkCallback(input: $input) {
      ok
      problems { field code message severity }
      addresses { address verdict }
      effective { ...Effective }
      movedCallbacks
    }
  }`,
  [effective],
);

export const pause = graphql(`mutation Pause($input: PauseCallbacksInput!) { pauseCallbacks(input: $input) { project { id } account { id } } }`);
export const resume = graphql(`mutation Resume($input: ResumeCallbacksInput!) { resumeCallbacks(input: $input) { project { id } account { id } } }`);

export type ProjectSettings = Answer<typeof projectFields>;
export type AccountSettings = Answer<typeof accountFields>;
export type Check = Answer<typeof check>['checkCallback'];

import { useSignal } from '@preact/signals';
import { ask } from '../api/client.ts';
import { graphql, type Answer } from '../api/graphql.ts';
import { useAct } from '../parts/ask.ts';
import { Create } from '../parts/create.tsx';
import { Failed } from '../parts/state.tsx';
import type { Role } from '../place.ts';
import { texts } from '../texts/work.ts';
import { viewer } from '../viewer.ts';

export const someone = graphql(`fragment Someone on User { id rawID username firstName lastName }`);
type Someone = Answer<typeof someone>;

const createKey = graphql(`mutation CreateUserKey($input: CreateUserKeyInput!) { createUserKey(input: $input) { id secret } }`);
export const setRole = graphql(`mutation SetRole($input: SetAccountRoleInput!) { setAccountRole(input: $input) { role } }`);
const removeRole = graphql(`mutation RemoveRole($input: RemoveAccountRoleInput!) { removeAccountRole(input: $input) { user { id } } }`);

export const roles = ['Viewer', 'Editor', 'Admin'] as const;

export const Who = ({ of: { firstName, lastName, username } }: { of: Someone }) => (
  <>
    {[firstName, lastName].filter(Boolean).join(' ')} {username}
  </>
);

/** NewKey makes a key for a user, whose secret is shown once. */
export const NewKey = ({ of: { rawID } }: { of: Someone }) => (
  <Create
    label={texts.value.admin.newKey}
    fields={{}}
    work={async () => {
      const { createUserKey: made } = await ask(createKey, { input: { userId: rawID } });
      return `${made.id} ${made.secret}`;
    }}
  />
);

/** RoleOf is a user's role on an account. What is chosen is saved by a button of its own: whoever gives away the own role cannot take it back. */
export function RoleOf({ account, user, role, done }: { account: string; user: Someone; role: Role; done: () => void }) {
  const t = texts.value;
  const chosen = useSignal<Role | ''>(role);
  const { busy, failure, act } = useAct();
  const input = { accountId: account, userId: user.id };
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = chosen.value;
        void act(async () => {
          await (wanted ? ask(setRole, { input: { ...input, role: wanted } }) : ask(removeRole, { input }));
          done();
        });
      }}
    >
      <select
        aria-label={`${t.admin.role}: ${user.username}`}
        value={chosen.value}
        onChange={(event) => {
          chosen.value = event.currentTarget.value as Role;
          failure.value = undefined;
        }}
      >
        {[...roles, '' as const].map((one) => (
          <option key={one} value={one} selected={one === chosen.value}>
            {one ? t.roles[one] : t.admin.noRole}
          </option>
        ))}
      </select>
      {chosen.value !== role && (
        <>
          <button class="primary" disabled={busy}>
            {t.save}
          </button>
          <button type="button" onClick={() => (chosen.value = role)}>
            {t.settings.undo}
          </button>
          <span class="hint" role="status">
            {!chosen.value && t.admin.noRoleHint} {viewer.value?.user?.id === user.id && t.admin.own}
          </span>
        </>
      )}
      {failure.value && <Failed failure={failure.value} />}
    </form>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { useAsk } from '../parts/ask.ts';
import { Create } from '../parts/create.tsx';
import { List } from '../parts/list.tsx';
import { Loaded } from '../parts/state.tsx';
import { place } from '../place.ts';
import type { Route } from '../route.ts';
import { mayChange } from '../settings/role.ts';
import { texts } from '../texts/work.ts';
import { isPlatform } from '../viewer.ts';
import { NewKey, RoleOf, roles, someone, Who } from '../work/users.tsx';

const where = graphql(`query WhereUsers($id: ObjectID!) { getAccount(id: $id) { rawID name timezone role } }`);
const list = graphql(
  `query Users($id: ObjectID!, $after: String) {
    getAccount(id: $id) { users(first: 20, after: $after) { totalCount nodes { role user { ...Someone } } pageInfo { hasNextPage endCursor } } }
  }`,
  [someone],
);
const create = graphql(`mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { user { id } } }`);

/** Users are those with a role on an account. Its Admins change roles; the platform makes users and keys besides. */
export function Users({ route }: { route: Route }) {
  const t = texts.value.admin;
  const id = route.account!;
  const round = useSignal(0);
  const asked = useAsk(where, { id }, round.value); // whose own role it was may not see them any more
  const account = asked.data.value?.getAccount;
  const done = () => void round.value++;
  useEffect(() => {
    if (account) place.value = { account, zone: account.timezone, role: account.role };
  }, [account]);
  return (
    <Loaded of={asked}>
      {() =>
        mayChange('account', account?.role) ? (
          <List
            title={texts.value.nav.users}
            tools={
              isPlatform.value && (
                <Create
                  label={t.user}
                  fields={{ 'email*': [], firstName: [], lastName: [], partnerUserId: [], 'role*': roles }}
                  work={({ role, ...input }: { role: 'Viewer'; email: string }) => ask(create, { input: { ...input, accounts: [{ accountId: id, role }] } }).then(done)}
                />
              )
            }
            document={list}
            variables={{ id }}
            round={round.value}
            of={(data) => data.getAccount?.users}
            head={[t.name, t.id, t.role, ...(isPlatform.value ? [t.key] : [])]}
            none={<p>{t.none}</p>}
            row={({ role, user }) => [
              <Who of={user} />,
              user.rawID,
              <RoleOf key={`${user.id} ${role}`} account={id} user={user} role={role} done={done} />,
              ...(isPlatform.value ? [<NewKey of={user} />] : []),
            ]}
          />
        ) : (
          <p class="note">{t.admins}</p>
        )
      }
    </Loaded>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { Create } from '../parts/create.tsx';
import { List } from '../parts/list.tsx';
import { HealthWord } from '../parts/word.tsx';
import { place } from '../place.ts';
import { parameters, withParameters } from '../route.ts';
import { texts } from '../texts/work.ts';

const accounts = graphql(`query AdminAccounts($after: String) {
  accounts(first: 20, after: $after) { totalCount nodes { rawID name timezone version callbackHealth { status } } pageInfo { hasNextPage endCursor } }
}`);
const clients = graphql(`query AdminClients($after: String) {
  ssoClients(first: 20, after: $after) { totalCount nodes { rawID name webhookUrl callbackHealth { status } } pageInfo { hasNextPage endCursor } }
}`);
const users = graphql(`query AdminUsers($id: ObjectID!, $after: String) {
  getAccount(id: $id) { users(first: 20, after: $after) { totalCount nodes { role user { rawID username firstName lastName } } pageInfo { hasNextPage endCursor } } }
}`);
const createAccount = graphql(`mutation CreateAccount($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }`);
const updateAccount = graphql(`mutation ChangeAccount($input: UpdateAccountInput!) { updateAccount(input: $input) { account { id } } }`);
const createClient = graphql(`mutation CreateClient($input: CreateSSOClientInput!) { createSSOClient(input: $input) { ssoClient { id } } }`);
const createUser = graphql(`mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { user { id } } }`);
const createProject = graphql(`mutation CreateProject($input: CreateProjectInput!) { createProject(input: $input) { project { id } } }`);
const createKey = graphql(`mutation CreateUserKey($input: CreateUserKeyInput!) { createUserKey(input: $input) { id secret } }`);

/** Admin is what the platform's key sees and makes: accounts, their users and projects, and SSO clients. */
export function Admin() {
  const t = texts.value.admin;
  const round = useSignal(0);
  const done = () => void round.value++;
  const account = parameters.value.get('account');
  useEffect(() => {
    place.value = {};
  }, []);
  return (
    <>
      <h1>{texts.value.menu.admin}</h1>
      <div class="row">
        <Create
          label={t.account}
          fields={{ 'name*': [], timezone: [], apiCallbackUrl: [], ssoClientId: [], partnerAccountId: [] }}
          work={(input) => ask(createAccount, { input }).then(done)}
        />
        <Create label={t.client} fields={{ 'name*': [], webhookUrl: [], noticeMode: ['EACH', 'DIGEST'] }} work={(input) => ask(createClient, { input }).then(done)} />
      </div>
      <List
        title={texts.value.nav.accounts}
        document={accounts}
        variables={{}}
        round={round.value}
        of={(data) => data.accounts}
        head={[t.name, t.id, t.zone, t.health, t.users, t.change]}
        none={<p>{t.none}</p>}
        row={({ rawID, name, timezone, version, callbackHealth }) => [
          <a href={`/console/accounts/${rawID}`}>{name}</a>,
          rawID,
          timezone,
          <HealthWord status={callbackHealth.status} small />,
          <a href={withParameters({ account: rawID })}>{t.users}</a>,
          <Create
            label={t.change}
            fields={{ name: [], timezone: [] }}
            values={{ name, timezone }}
            work={(input: object) => ask(updateAccount, { input: { ...input, accountId: rawID, ifVersion: version } }).then(done)}
          />,
        ]}
      />
      {account && (
        <>
          <div class="row">
            <Create
              label={t.user}
              fields={{ 'email*': [], firstName: [], lastName: [], partnerUserId: [], 'role*': ['Viewer', 'Editor', 'Admin'] }}
              work={({ role, ...input }: { role: 'Viewer'; email: string }) =>
                ask(createUser, { input: { ...input, accounts: [{ accountId: account, role }] } }).then(done)}
            />
            <Create
              label={t.project}
              fields={{ 'name*': [], 'primaryDomain*': [], apiCallbackUrl: [] }}
              work={(input: { name: string; primaryDomain: string }) => ask(createProject, { input: { ...input, accountId: account } }).then(done)}
            />
          </div>
          <List
            title={`${t.users} · ${account}`}
            document={users}
            variables={{ id: account }}
            round={round.value}
            of={(data) => data.getAccount?.users}
            head={[t.name, t.id, t.role, t.key]}
            none={<p>{t.none}</p>}
            row={({ role, user }) => [
              <>
                {[user.firstName, user.lastName].filter(Boolean).join(' ')} {user.username}
              </>,
              user.rawID,
              texts.value.roles[role],
              <Create
                label={t.newKey}
                fields={{}}
                work={async () => {
                  const { createUserKey: made } = await ask(createKey, { input: { userId: user.rawID } });
                  return `${made.id} ${made.secret}`;
                }}
              />,
            ]}
          />
        </>
      )}
      <List
        title={t.clients}
        document={clients}
        variables={{}}
        round={round.value}
        of={(data) => data.ssoClients}
        head={[t.name, t.id, t.webhook, t.health]}
        none={<p>{t.none}</p>}
        row={({ rawID, name, webhookUrl, callbackHealth }) => [
          <a href={`/console/partners/${rawID}`}>{name}</a>,
          rawID,
          webhookUrl && <code>{webhookUrl}</code>,
          <HealthWord status={callbackHealth.status} small />,
        ]}
      />
    </>
  );
}

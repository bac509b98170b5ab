import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { Create } from '../parts/create.tsx';
import { List } from '../parts/list.tsx';
import { HealthWord } from '../parts/word.tsx';
import { place } from '../place.ts';
import { texts } from '../texts/work.ts';
import { NewKey, roles, setRole, someone, Who } from '../work/users.tsx';

const accounts = graphql(`query AdminAccounts($after: String) {
  accounts(first: 20, after: $after) { totalCount nodes { rawID name timezone version callbackHealth { status } } pageInfo { hasNextPage endCursor } }
}`);
const clients = graphql(`query AdminClients($after: String) {
  ssoClients(first: 20, after: $after) { totalCount nodes { rawID name webhookUrl callbackHealth { status } } pageInfo { hasNextPage endCursor } }
}`);
const users = graphql(
  `query AdminUsers($after: String) {
    users(first: 20, after: $after) {
      totalCount
      nodes { ...Someone roles(first: 10) { totalCount nodes { role account { rawID name } } } }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  [someone],
);
const createAccount = graphql(`mutation CreateAccount($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }`);
const updateAccount = graphql(`mutation ChangeAccount($input: UpdateAccountInput!) { updateAccount(input: $input) { account { id } } }`);
const createClient = graphql(`mutation CreateClient($input: CreateSSOClientInput!) { createSSOClient(input: $input) { ssoClient { id } } }`);
const createProject = graphql(`mutation CreateProject($input: CreateProjectInput!) { createProject(input: $input) { project { id } } }`);

/** Admin is what the platform's key sees and makes: accounts with their projects, users, and SSO clients. */
export function Admin() {
  const t = texts.value.admin;
  const round = useSignal(0);
  const done = () => void round.value++;
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
        head={[t.name, t.id, t.zone, t.health, texts.value.nav.users, texts.value.work.actions]}
        none={<p>{t.none}</p>}
        row={({ rawID, name, timezone, version, callbackHealth }) => [
          <a href={`/console/accounts/${rawID}`}>{name}</a>,
          rawID,
          timezone,
          <HealthWord status={callbackHealth.status} small />,
          <a href={`/console/accounts/${rawID}/users`}>{texts.value.nav.users}</a>,
          <div class="row">
            <Create
              label={t.change}
              fields={{ name: [], timezone: [] }}
              values={{ name, timezone }}
              work={(input: object) => ask(updateAccount, { input: { ...input, accountId: rawID, ifVersion: version } }).then(done)}
            />
            <Create
              label={t.project}
              fields={{ 'name*': [], 'primaryDomain*': [], apiCallbackUrl: [] }}
              work={(input: { name: string; primaryDomain: string }) => ask(createProject, { input: { ...input, accountId: rawID } }).then(done)}
            />
          </div>,
        ]}
      />
      <List
        title={texts.value.nav.users}
        document={users}
        variables={{}}
        round={round.value}
        of={(data) => data.users}
        head={[t.name, t.id, t.roles, texts.value.work.actions]}
        none={<p>{t.none}</p>}
        row={(user) => [
          <Who of={user} />,
          user.rawID,
          <>
            {user.roles.nodes.map(({ role, account }) => (
              <div key={account.rawID}>
                <a href={`/console/accounts/${account.rawID}/users`}>{account.name}</a> <span class="soft">{texts.value.roles[role]}</span>
              </div>
            ))}
            {user.roles.totalCount > 10 && '…'}
          </>,
          <div class="row">
            <Create
              label={t.giveRole}
              fields={{ 'accountId*': [], 'role*': roles }}
              work={(input: { accountId: string; role: 'Viewer' }) => ask(setRole, { input: { ...input, userId: user.id } }).then(done)}
            />
            <NewKey of={user} />
          </div>,
        ]}
      />
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

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { graphql, type Answer } from '../api/graphql.ts';
import { useAsk } from '../parts/ask.ts';
import { Field } from '../parts/controls.tsx';
import { HealthWord } from '../parts/word.tsx';
import { Loaded } from '../parts/state.tsx';
import { place } from '../place.ts';
import { parameters, go, withParameters } from '../route.ts';
import { texts } from '../texts/texts.ts';

const list = graphql(`
  query Home($after: String) {
    accounts(first: 20, after: $after) {
      nodes {
        id rawID name role
        projects(first: 50) {
          totalCount
          nodes { id rawID name primaryDomain callbackHealth { status } }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

type Accounts = Answer<typeof list>['accounts']['nodes'];

/** Home lists what may be seen: accounts with their projects, each with the one word of its health. */
export function Home() {
  const t = texts.value.home;
  const after = useSignal<string | null>(null);
  const before = useSignal<Accounts>([]);
  const asked = useAsk(list, { after: after.value });
  const wanted = parameters.value.get('q') ?? '';
  useEffect(() => {
    place.value = {};
  }, []);
  return (
    <div class="narrow">
      <h1>{t.title}</h1>
      <Loaded of={asked} rows={5}>
        {({ accounts: { nodes, pageInfo } }) => {
          const all = [...before.value, ...nodes.filter(({ id }) => !before.value.some((account) => account.id === id))];
          const found = all
            .map((account) => ({ account, projects: account.projects.nodes.filter((project) => matches(project, wanted)) }))
            .filter(({ projects }) => projects.length || !wanted);
          return (
            <>
              {all.some(({ projects }) => projects.nodes.length > 5) && (
                <Field label={t.find}>
                  {(props) => (
                    <input
                      {...props}
                      type="search"
                      value={wanted}
                      onInput={(event) => go(withParameters({ q: event.currentTarget.value }), true)}
                    />
                  )}
                </Field>
              )}
              {found.map(({ account, projects }) => (
                <AccountCard key={account.id} account={account} projects={projects} />
              ))}
              {!found.length && (
                <section class="empty">
                  {wanted ? (
                    <p>
                      {t.noMatch} <a href={withParameters({ q: null })}>{t.clear}</a>
                    </p>
                  ) : (
                    <>
                      <p>{t.noAccounts}</p>
                      <p class="hint">{t.noAccountsHint}</p>
                    </>
                  )}
                </section>
              )}
              {pageInfo.hasNextPage && (
                <button
                  type="button"
                  disabled={asked.busy}
                  onClick={() => {
                    before.value = all;
                    after.value = pageInfo.endCursor;
                  }}
                >
                  {t.more}
                </button>
              )}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

function matches(project: { rawID: string; name: string; primaryDomain: string }, wanted: string): boolean {
  return `${project.name}\n${project.primaryDomain}\n${project.rawID}`.toLowerCase().includes(wanted.toLowerCase());
}

function AccountCard({ account, projects }: { account: Accounts[number]; projects: Accounts[number]['projects']['nodes'] }) {
  const t = texts.value;
  return (
    <section aria-label={account.name}>
      <h2>
        <a href={`/console/accounts/${account.rawID}`}>{account.name}</a>
        <small>
          {account.role && t.roles[account.role]} · {t.home.projects(account.projects.totalCount)}
        </small>
      </h2>
      {account.projects.totalCount === 0 && (
        <div class="empty">
          <p>{t.home.noProjects}</p>
          <p class="hint">{t.home.noProjectsHint}</p>
        </div>
      )}
      <ul class="list">
        {projects.map((project) => (
          <li key={project.id}>
            <a href={`/console/projects/${project.rawID}`}>
              <b>{project.name}</b> <span class="soft">{project.primaryDomain}</span>
            </a>
            <span class="soft">{project.rawID}</span>
            <HealthWord status={project.callbackHealth.status} small />
          </li>
        ))}
      </ul>
    </section>
  );
}

import { useEffect } from 'preact/hooks';
import { graphql } from '../api/graphql.ts';
import { Health } from '../health/health.tsx';
import { History } from '../history/history.tsx';
import { useAsk, useSeen } from '../parts/ask.ts';
import { Loaded } from '../parts/state.tsx';
import { useTurn } from '../parts/turn.ts';
import { HealthWord } from '../parts/word.tsx';
import { place } from '../place.ts';
import type { Route } from '../route.ts';
import { mayResend } from '../settings/role.ts';
import { SettingsOfAccount } from '../settings/settings.tsx';
import { texts } from '../texts/texts.ts';

const overview = graphql(`
  query Account($id: ObjectID!) {
    getAccount(id: $id) {
      id rawID name timezone role
      projects(first: 50) { totalCount nodes { id rawID name callbackHealth { status } } }
    }
  }
`);

/** Account is the same for all projects of an account together. */
export function Account({ route }: { route: Route }) {
  const t = texts.value;
  const asked = useAsk(overview, { id: route.account! });
  const account = asked.data.value?.getAccount;
  const health = useTurn();
  const history = useTurn();
  const settings = useTurn();
  useSeen(() => {
    health.next();
    settings.next();
  });
  useEffect(() => {
    if (account) place.value = { account, zone: account.timezone, role: account.role };
  }, [account]);
  return (
    <Loaded of={asked}>
      {({ getAccount: found }) =>
        found && (
          <div class="columns">
            <div>
              <Health owner={{ kind: 'account', id: found.id }} turn={health.turn} moved={settings.next} />
              <History owner={{ kind: 'account', id: found.id }} mayChange={mayResend(found.role)} turn={history.turn} stirred={health.next} />
            </div>
            <aside aria-label={t.project.settings}>
              <section aria-labelledby="projects">
                <h2 id="projects">
                  {t.account.projects} <small>{t.home.projects(found.projects.totalCount)}</small>
                </h2>
                <ul class="list">
                  {found.projects.nodes.map((project) => (
                    <li key={project.id}>
                      <a href={`/console/projects/${project.rawID}`}>
                        <b>{project.name}</b>
                      </a>
                      <HealthWord status={project.callbackHealth.status} small />
                    </li>
                  ))}
                </ul>
                {found.projects.totalCount > 50 && <a href="/console">{t.home.more}</a>}
                {found.projects.totalCount === 0 && <p class="hint">{t.home.noProjects}</p>}
              </section>
              <SettingsOfAccount id={found.id} turn={settings.turn} stirred={history.next} />
            </aside>
          </div>
        )
      }
    </Loaded>
  );
}

import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { credential, forget, isKey } from '../api/session.ts';
import { place } from '../place.ts';
import { go, type Route } from '../route.ts';
import { language, languages, texts, type Language } from '../texts/texts.ts';
import { theme, type Theme } from '../theme.ts';
import { isPlatform, viewer, viewerName } from '../viewer.ts';
import { Brand } from './brand.tsx';
import { Choice } from './controls.tsx';

const endSession = graphql(`mutation SignOut { deleteSession { token } }`);

/** signOut ends the session at the server too, where it can be reached; here it is forgotten in any case. */
export async function signOut(): Promise<void> {
  const session = !isKey(credential.peek());
  if (session) await ask(endSession, {}).catch(() => undefined);
  forget();
  place.value = {};
  go('/console', true);
}

const sections: Partial<Record<Route['page'], string>> = { account: 'callbacks', users: 'users', project: 'callbacks', runs: 'runs', run: 'runs', schedule: 'runs', jobs: 'jobs', job: 'jobs' };

/** Header says where the page is and who is looking. */
export function Header({ route }: { route: Route }) {
  const t = texts.value;
  const { account, project, zone, role } = place.value;
  useEffect(() => {
    document.title = [project?.name ?? account?.name, 'Ringback'].filter(Boolean).join(' · ');
  }, [project?.name, account?.name]);
  return (
    <header>
      <a class="brand" href="/console">
        <Brand />
      </a>
      <nav class="crumb" aria-label={t.nav.where}>
        {account && <a href={`/console/accounts/${account.rawID}`}>{account.name}</a>}
        {project && (
          <>
            <span aria-hidden="true">/</span>
            <a href={`/console/projects/${project.rawID}`} aria-current={route.part ? undefined : 'page'}>
              {project.name}
            </a>
          </>
        )}
      </nav>
      {account && (
        <nav class="sections" aria-label={t.nav.sections}>
          {(project ? (['callbacks', 'runs', 'jobs'] as const) : (['callbacks', 'users'] as const)).map((name) => (
            <a
              key={name}
              href={`/console/${project ? `projects/${project.rawID}` : `accounts/${account.rawID}`}${name === 'callbacks' ? '' : `/${name}`}`}
              aria-current={sections[route.page] === name ? 'page' : undefined}
            >
              {t.nav[name]}
            </a>
          ))}
        </nav>
      )}
      <span class="end">
        {zone && <span class="wide">{zone}</span>}
        <button type="button" class="quiet" popovertarget="menu">
          <span class="unseen">{t.menu.title}: </span>
          <bdi>{viewerName.value ?? '…'}</bdi>
          {role && <span class="wide"> · {t.roles[role]}</span>} <span aria-hidden="true">▾</span>
        </button>
      </span>
      <div id="menu" popover="auto" class="menu">
        <Choice<Language> label={t.menu.language} value={language} options={languages} />
        <Choice<Theme> label={t.menu.theme} value={theme} options={t.menu.themes} />
        {isPlatform.value && <a href="/console/admin">{t.menu.admin}</a>}
        {viewer.value?.ssoClient && <a href="/console/partners">{t.menu.partner}</a>}
        <a href="/explorer" target="_blank" rel="noopener">
          {t.menu.explorer}
        </a>
        <button type="button" onClick={() => void signOut()}>
          {t.menu.signOut}
        </button>
      </div>
    </header>
  );
}

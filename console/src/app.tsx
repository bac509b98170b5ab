import type { ComponentType } from 'preact';
import { offeredCode } from './api/code.ts';
import { credential, embedded, expired } from './api/session.ts';
import { Embedded } from './embed/embedded.tsx';
import { Header } from './parts/header.tsx';
import { later } from './parts/later.tsx';
import { place } from './place.ts';
import { address, routeOf, type Route } from './route.ts';
import { texts } from './texts/texts.ts';

// Another page: its route in route.ts, its file in pages, its line here.
const pages: Record<Route['page'], ComponentType<{ route: Route }>> = {
  home: later(async () => (await import('./pages/home.tsx')).Home),
  users: later(async () => (await import('./pages/users.tsx')).Users),
  account: later(async () => (await import('./pages/account.tsx')).Account),
  project: later(async () => (await import('./pages/project.tsx')).Project),
  runs: later(async () => (await import('./pages/runs.tsx')).Runs),
  run: later(async () => (await import('./pages/runs.tsx')).Run),
  schedule: later(async () => (await import('./pages/schedule.tsx')).Schedule),
  jobs: later(async () => (await import('./pages/jobs.tsx')).Jobs),
  job: later(async () => (await import('./pages/jobs.tsx')).Job),
  admin: later(async () => (await import('./pages/admin.tsx')).Admin),
  partner: later(async () => (await import('./pages/partner.tsx')).Partner),
  partners: later(async () => (await import('./pages/partner.tsx')).OwnPartner),
  nothing: later(async () => (await import('./pages/nothing.tsx')).Nothing),
};
const SignIn = later(async () => (await import('./parts/signin.tsx')).SignIn);
const SignInAgain = later(async () => (await import('./parts/signin.tsx')).SignInAgain);
const SignInInstead = later(async () => (await import('./parts/signin.tsx')).SignInInstead);

/** A stranger sees the sign-in and nothing else. */
export function App() {
  const route = routeOf(address.value);
  const Page = pages[route.page];
  const heading = place.value.project?.name ?? place.value.account?.name;
  const page = (
    <>
      {(route.project || route.account || route.page.startsWith('partner')) && <h1 class="unseen">{heading ?? 'Ringback'}</h1>}
      <Page key={`${route.page} ${route.account} ${route.project} ${route.item}`} route={route} />
    </>
  );
  if (embedded) return <Embedded>{page}</Embedded>;
  if (!credential.value) return <SignIn />;
  return (
    <>
      <a class="skip" href="#main">
        {texts.value.skip}
      </a>
      <Header route={route} />
      <main id="main" tabIndex={-1}>
        {page}
      </main>
      {offeredCode.value ? <SignInInstead /> : expired.value && <SignInAgain />}
    </>
  );
}

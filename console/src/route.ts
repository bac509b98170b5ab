import { computed, signal } from '@preact/signals';
import { embedded } from './api/session.ts';

/** Where the page is: every address of the console is one of these, and has all that a link to it needs. */
export const address = signal(new URL(location.href));

/** The parameters of the address. */
export const parameters = computed(() => address.value.searchParams);

/** go shows another page, or the same one otherwise (replace: without a step to go back to). */
export function go(to: string, replace = false): void {
  const next = new URL(to, location.href);
  if (embedded) next.pathname = next.pathname.replace(/^\/console(?!\/embed)/, '/console/embed');
  if (next.href === location.href) return;
  const other = next.pathname !== location.pathname;
  history[replace ? 'replaceState' : 'pushState'](null, '', next);
  address.value = next;
  if (other) scrollTo(0, 0);
}

/** link is a whole address to hand on: from within another page, of the console that stands by itself. */
export const link = (to: string): string => new URL(to, location.href).href.replace('/console/embed/', '/console/');

/** With gives the address with some parameters changed; null and empty take one away. */
export function withParameters(changes: Record<string, string | string[] | null>): string {
  const next = new URL(address.value);
  for (const [name, value] of Object.entries(changes)) {
    next.searchParams.delete(name);
    for (const one of [value ?? []].flat()) if (one) next.searchParams.append(name, one);
  }
  return next.pathname + next.search;
}

export interface Route {
  page: 'home' | 'account' | 'users' | 'project' | 'runs' | 'run' | 'schedule' | 'jobs' | 'job' | 'admin' | 'partner' | 'partners' | 'nothing';
  account?: string;
  project?: string;
  /** The run, schedule or job. */
  item?: string;
  /** The page's part that is shown first: settings, as the link of a notice asks for. */
  part?: string;
}

const routes: [RegExp, (found: Record<string, string>, search: URLSearchParams) => Route][] = [
  [/^\/console\/?$/, () => ({ page: 'home' })],
  [/^\/console\/(?<page>admin|partners)\/?$/, (found) => found as unknown as Route],
  [/^\/console\/(?<page>partner)s\/(?<item>\d+)\/?$/, (found) => found as unknown as Route],
  [/^\/console\/accounts\/(?<account>\d+)\/?$/, ({ account }) => ({ page: 'account', account })],
  [/^\/console\/accounts\/(?<account>\d+)\/(?<page>users)\/?$/, (found) => found as unknown as Route],
  [/^\/console\/projects\/(?<project>\d+)\/(?<page>runs|jobs)\/?$/, (found) => found as unknown as Route],
  [
    /^\/console\/projects\/(?<project>\d+)\/(?<page>run|schedule|job)s\/(?<item>\d+)\/?$/,
    (found) => found as unknown as Route,
  ],
  [/^\/console\/projects\/(?<project>\d+)(?:\/(?<part>[a-z]+))?\/?$/, (found) => ({ page: 'project', ...found })],
  // The link in every notice to a partner, as it has always been.
  [/^\/accounts\/(?<account>\d+)\/projects\/(?<project>\d+)\/edit\/?$/, ({ project }) => ({ page: 'project', project, part: 'settings' })],
];

/** routeOf reads an address. */
export function routeOf(url: URL): Route {
  const path = url.pathname.replace(/^\/console\/embed(?=\/|$)/, '/console');
  for (const [pattern, read] of routes) {
    const found = pattern.exec(path);
    if (found) return read({ ...found.groups }, url.searchParams);
  }
  return { page: 'nothing' };
}

/** listen lets links within the console and the browser's own keys change the page without loading it anew. */
export function listen(): void {
  addEventListener('popstate', () => {
    address.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.('a');
    const to = link && new URL(link.getAttribute('href') ?? '', location.href);
    if (!to || link.hasAttribute('target') || to.origin !== location.origin || !to.pathname.startsWith('/console')) return;
    if (to.hash && to.pathname === location.pathname) return;
    event.preventDefault();
    go(to.href);
  });
}

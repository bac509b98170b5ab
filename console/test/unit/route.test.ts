import assert from 'node:assert/strict';
import { test } from 'node:test';

Object.assign(globalThis, { location: { href: 'http://localhost/console', pathname: '/console' } });
const { routeOf } = await import('../../src/route.ts');

test('each address is one page', () => {
  for (const [address, want] of Object.entries({
    '/console': { page: 'home' },
    '/console/': { page: 'home' },
    '/console/accounts/12': { page: 'account', account: '12' },
    '/console/accounts/12/users': { page: 'users', account: '12' },
    '/console/projects/7': { page: 'project', project: '7', part: undefined },
    '/console/projects/7/settings': { page: 'project', project: '7', part: 'settings' },
    '/console/projects/7/runs': { page: 'runs', project: '7' },
    '/console/projects/7/runs/8': { page: 'run', project: '7', item: '8' },
    '/console/projects/7/schedules/8': { page: 'schedule', project: '7', item: '8' },
    '/console/projects/7/jobs/8': { page: 'job', project: '7', item: '8' },
    '/accounts/12/projects/7/edit?step=4': { page: 'project', project: '7', part: 'settings' },
    '/console/embed/projects/7': { page: 'project', project: '7', part: undefined },
    '/console/admin': { page: 'admin' },
    '/console/partners': { page: 'partners' },
    '/console/partners/3': { page: 'partner', item: '3' },
    '/console/projects/x': { page: 'nothing' },
    '/other': { page: 'nothing' },
  })) {
    assert.deepEqual(routeOf(new URL(address, 'http://localhost')), want, address);
  }
});

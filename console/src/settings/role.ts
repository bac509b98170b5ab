import type { Owner } from '../parts/owner.ts';
import type { Role } from '../place.ts';
import { viewer } from '../viewer.ts';

/**
 * Who may change what: a project's settings its Editors, its keys and the portal sessions of it that manage, an account's its
 * Admins. Keys and portal sessions of a project are Viewers of its account.
 */
export const mayChange = (kind: Owner['kind'], role: Role | null | undefined): boolean =>
  role === 'Admin' || (kind === 'project' && (role === 'Editor' || Boolean(viewer.value?.project && viewer.value.permission !== 'READ')));

/** Who may retry and replay: whoever changes a project, and the partner whose account it is. */
export const mayResend = (role: Role | null | undefined): boolean =>
  mayChange('project', role) || Boolean(viewer.value?.ssoClient && viewer.value.permission !== 'READ');

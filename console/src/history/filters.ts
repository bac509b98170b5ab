import { en } from '../texts/en.ts';
import type { Filter, Order } from './data.ts';

/** The history's filters: each stands in the page's address under its name, and each is one of the API's. */

export const statuses = ['PENDING', 'RUNNING', 'SUCCESS', 'FAILED'] as const;
export const events = Object.keys(en.events) as (keyof typeof en.events)[];
export const causes = [
  'HTTP_STATUS', 'TIMEOUT', 'DNS_ERROR', 'CONNECT_REFUSED', 'CONNECT_TIMEOUT', 'TLS_ERROR', 'CONNECTION_RESET', 'BLOCKED_ADDRESS', 'INVALID_URL',
  'REDIRECT', 'RESPONSE_TOO_LARGE', 'MALFORMED_RESPONSE', 'NO_CALLBACK_URL', 'INTERRUPTED', 'INTERNAL_ERROR', 'LOCAL_ERROR', 'SUPERSEDED',
  'CANCELLED',
] as const;
export const orders = ['CREATED', 'FINISHED', 'NEXT_ATTEMPT'] as const;

type Kind = 'list' | 'text' | 'time' | 'number' | 'flag' | 'status';
type Name = keyof Filter;

/** Every filter of the API, by its name in the address. */
export const filters = {
  status: { kind: 'list', field: 'status', options: statuses },
  event: { kind: 'list', field: 'event', options: events },
  cause: { kind: 'list', field: 'errorCode', options: causes },
  q: { kind: 'text', field: 'search' },
  createdAfter: { kind: 'time', field: 'createdAfter' },
  createdBefore: { kind: 'time', field: 'createdBefore' },
  finishedAfter: { kind: 'time', field: 'finishedAfter' },
  finishedBefore: { kind: 'time', field: 'finishedBefore' },
  nextAfter: { kind: 'time', field: 'nextAttemptAfter' },
  nextBefore: { kind: 'time', field: 'nextAttemptBefore' },
  http: { kind: 'status', field: 'httpStatusRange' },
  host: { kind: 'text', field: 'host' },
  attempts: { kind: 'number', field: 'minAttempts' },
  replay: { kind: 'flag', field: 'isReplay' },
  crawl: { kind: 'text', field: 'crawlId' },
  run: { kind: 'text', field: 'runUid' },
  job: { kind: 'text', field: 'jobUuid' },
  ref: { kind: 'text', field: 'ref' },
  uid: { kind: 'text', field: 'uid' },
} as const satisfies Record<string, { kind: Kind; field: Name; options?: readonly string[] }>;

export type FilterName = keyof typeof filters;
export const filterNames = Object.keys(filters) as FilterName[];

/** 503, 500-599 or 5xx. Null: it is none of these. */
export function statusRange(text: string): { from: number; to: number } | null {
  const found = /^(\d{3})(?:-(\d{3}))?$/.exec(text.trim());
  if (found) return { from: Number(found[1]), to: Number(found[2] ?? found[1]) };
  const whole = /^([1-5])xx$/i.exec(text.trim());
  return whole && { from: Number(whole[1]) * 100, to: Number(whole[1]) * 100 + 99 };
}

function valueOf(kind: Kind, values: string[], options?: readonly string[]): unknown {
  const [first = ''] = values;
  switch (kind) {
    case 'list': {
      const known = values.filter((value) => options?.includes(value));
      return known.length ? known : undefined;
    }
    case 'number':
      return /^\d+$/.test(first) ? Number(first) : undefined;
    case 'flag':
      return first === 'true' ? true : first === 'false' ? false : undefined;
    case 'status':
      return statusRange(first) ?? undefined;
    case 'time':
      return Number.isNaN(Date.parse(first)) ? undefined : first;
    default:
      return first.trim() || undefined;
  }
}

/** filterOf reads the filter of an address; what cannot be read narrows nothing. Undefined: there is none. */
export function filterOf(search: URLSearchParams): Filter | undefined {
  const found: Record<string, unknown> = {};
  for (const name of filterNames) {
    const { kind, field, ...more } = filters[name];
    const value = valueOf(kind, search.getAll(name), 'options' in more ? more.options : undefined);
    if (value !== undefined) found[field] = value;
  }
  return Object.keys(found).length ? (found as Filter) : undefined;
}

/** A filter as an answer has it: what narrows nothing is null, and ids are global ones. */
type Given = { [Field in Name]: unknown };

function written(field: Name, value: unknown): string[] {
  if (field === 'httpStatusRange') {
    const { from, to } = value as { from: number | null; to: number | null };
    return [from === to ? String(from) : `${from ?? 100}-${to ?? 599}`];
  }
  if (field === 'crawlId') return [atob(String(value).replace(/-/g, '+').replace(/_/g, '/')).replace(/^.*\D/, '')];
  return [value].flat().map(String);
}

/** parametersOf writes a filter as it stands in an address: filterOf reads it there. */
export function parametersOf(of: Given): [FilterName, string[]][] {
  const given = { ...of, httpStatusRange: of.httpStatusRange ?? (of.httpStatus && { from: of.httpStatus, to: of.httpStatus }) };
  return filterNames.flatMap((name) => {
    const value = given[filters[name].field];
    return value === null || value === undefined ? [] : [[name, written(filters[name].field, value)]];
  });
}

/** orderOf reads the order of an address; undefined is the newest first. */
export function orderOf(search: URLSearchParams): Order {
  const field = orders.find((order) => order === search.get('order')) ?? 'CREATED';
  const direction = search.get('dir') === 'ASC' ? 'ASC' : 'DESC';
  return field === 'CREATED' && direction === 'DESC' ? undefined : { field, direction };
}

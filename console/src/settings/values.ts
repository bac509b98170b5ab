/** What settings are made of, and what is pure about them. */

export interface Header {
  key: string;
  value: string;
}

/** What a person can set, as it stands in the form. */
export interface Values {
  url: string;
  headers: Header[];
  maxInFlight: string;
  maxPerSecond: string;
}

interface Configured {
  apiCallbackUrl: string | null;
  apiCallbackHeaders: Header[];
  apiCallbackMaxInFlight: number | null;
  apiCallbackMaxPerSecond: number | null;
}

export const valuesOf = (of: Configured): Values => ({
  url: of.apiCallbackUrl ?? '',
  headers: of.apiCallbackHeaders.map(({ key, value }) => ({ key, value })),
  maxInFlight: of.apiCallbackMaxInFlight?.toString() ?? '',
  maxPerSecond: of.apiCallbackMaxPerSecond?.toString() ?? '',
});

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const limit = (text: string) => (text.trim() === '' ? null : Number(text));
/** Lines of the form that nobody has begun to fill in are none. */
const filled = (headers: Header[]) => headers.filter(({ key, value }) => key || value);

/** The input of an update that has what was changed and nothing else: what others change meanwhile stays. */
export function changes(from: Values, to: Values) {
  return {
    ...(from.url !== to.url && { apiCallbackUrl: to.url.trim() || null }),
    ...(!same(from.headers, filled(to.headers)) && { apiCallbackHeaders: filled(to.headers) }),
    ...(from.maxInFlight !== to.maxInFlight && { apiCallbackMaxInFlight: limit(to.maxInFlight) }),
    ...(from.maxPerSecond !== to.maxPerSecond && { apiCallbackMaxPerSecond: limit(to.maxPerSecond) }),
  };
}

export const changed = (from: Values, to: Values): boolean => Object.keys(changes(from, to)).length > 0;

/** Which places of the form problems about headers are at: lines that are empty are not sent, and not counted. */
export const sentPlaces = (headers: Header[]): number[] =>
  headers.flatMap(({ key, value }, place) => (key || value ? [place] : []));

type Level = 'PROJECT' | 'ACCOUNT' | 'REQUEST' | 'SSO_CLIENT';

interface Used {
  url: string;
  source: Level;
  headers: { key: string; value: string; source: Level }[];
}

export interface Line {
  text: string;
  source: Level;
  /** It is configured, and something else goes before it. */
  overridden: boolean;
}

/** What is used now, and what is configured beside it and is not: the URLs, then the headers by name. */
export function effectiveLines(used: Used | null, project: Configured | null, account: Configured): Line[] {
  const lines: Line[] = [];
  if (used) lines.push({ text: used.url, source: used.source, overridden: false });
  if (project && account.apiCallbackUrl && used?.source === 'PROJECT') {
    lines.push({ text: account.apiCallbackUrl, source: 'ACCOUNT', overridden: true });
  }
  for (const { key, source } of used?.headers ?? []) lines.push({ text: key, source, overridden: false });
  const isUsed = (key: string, level: Level) =>
    used?.headers.some((header) => header.source === level && header.key.toLowerCase() === key.toLowerCase());
  for (const [level, of] of [['PROJECT', project], ['ACCOUNT', account]] as const) {
    for (const { key } of of?.apiCallbackHeaders ?? []) {
      if (project && !isUsed(key, level)) lines.push({ text: key, source: level, overridden: true });
    }
  }
  return lines;
}

/** Numbers and times as people read them: in a language and in a zone. What is here is pure. */

export const number = (value: number, language: string): string => new Intl.NumberFormat(language).format(value);

/** 212 ms, 1.4 s, 2 m 5 s. */
export function duration(ms: number, language: string): string {
  if (ms < 1000) return `${number(Math.round(ms), language)} ms`;
  if (ms < 60_000) return `${number(Math.round(ms / 100) / 10, language)} s`;
  return span(Math.round(ms / 1000));
}

/** The two largest units of some seconds: 45 s, 4 m 10 s, 3 h 5 m, 2 d 1 h. */
export function span(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [size, name] = units[first]!;
  const next = units[first + 1];
  const rest = next && Math.floor((seconds % size) / next[0]);
  return `${Math.floor(seconds / size)} ${name}${rest ? ` ${rest} ${next[1]}` : ''}`;
}

const parts = (at: Date, zone: string) => {
  const found = new Intl.DateTimeFormat('en', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(at);
  return Object.fromEntries(found.map(({ type, value }) => [type, value])) as Record<string, string>;
};

/** The time of day, to the second. */
export function clock(at: string, zone: string): string {
  const { hour, minute, second } = parts(new Date(at), zone);
  return `${hour}:${minute}:${second}`;
}

/** The day, for a heading: Saturday, 28 November 2026. */
export const day = (at: string, zone: string, language: string): string =>
  new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: 'full' }).format(new Date(at));

/** Day and time: 28 Nov 2026, 14:40:12. */
export const moment = (at: string, zone: string, language: string): string =>
  new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(new Date(at));

/** What a field for times shows of a moment: 2026-11-28T14:40 in the zone. */
export function toField(at: string | null, zone: string): string {
  if (!at || Number.isNaN(Date.parse(at))) return '';
  const { year, month, day: date, hour, minute } = parts(new Date(at), zone);
  return `${year}-${month}-${date}T${hour}:${minute}`;
}

/** And the moment that it means. In the hour that a zone has twice it is one of both, and in one that it leaves out the next. */
export function fromField(text: string, zone: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return '';
  const wanted = Date.parse(`${text}:00Z`);
  if (Number.isNaN(wanted)) return '';
  let at = wanted;
  for (let turn = 0; turn < 2; turn++) at += wanted - Date.parse(`${toField(new Date(at).toISOString(), zone)}:00Z`);
  return new Date(at).toISOString();
}

/** The beginning of a day in the zone, some days ago. */
export const startOfDay = (now: Date, zone: string, daysAgo = 0): string =>
  fromField(`${toField(new Date(now.getTime() - daysAgo * 86_400_000).toISOString(), zone).slice(0, 10)}T00:00`, zone);

/** JSON with its lines and indents, as it stands otherwise: keys in their order, numbers as they are written. Null: it is none. */
export function prettyJSON(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return text.trim().replace(/"(?:[^"\\]|\\.)*"|\s+|[{[](\s*)[}\]]|[{}[\],:]/g, (token) => {
    if (token[0] === '"') return token;
    if (/^\s/.test(token)) return '';
    if (token.length > 1) return token.replace(/\s/g, '');
    if (token === '{' || token === '[') return (depth++, token + line());
    if (token === '}' || token === ']') return (depth--, line() + token);
    return token === ',' ? token + line() : ': ';
  });
}

/** The fields of a form as it is sent. */
export const formFields = (text: string): [string, string][] => [...new URLSearchParams(text)];

/** Within single quotes a shell takes everything as it is. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command that sends the same again. Values that are masked have to be filled in. curl takes brackets for a pattern unless told not to. */
export function curl(url: string, headers: readonly { name: string; value: string }[], body: string): string {
  const lines = [`curl -i ${/[[\]{}]/.test(url) ? '-g ' : ''}${quoted(url)}`, ...headers.map(({ name, value }) => `-H ${quoted(`${name}: ${value}`)}`), `--data-binary ${quoted(body)}`];
  return lines.join(' \\\n  ');
}

/** The server's words as sentences: it writes them so that they can stand within one. The name of a field at their beginning stays as it is. */
export const sentences = (...texts: string[]): string =>
  texts.map((text) => (/^[\w.]+: /.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)) + (/[.!?…]$/.test(text) ? '' : '.')).join(' ');

/** What somebody is called. */
export const nameOf = (who: { firstName: string | null; lastName: string | null; username: string }): string =>
  isolated([who.firstName, who.lastName].filter(Boolean).join(' ') || who.username);

/** A name that turns the direction of writing turns no more than itself. */
const isolated = (name: string): string => (/[\u202a-\u202e\u2066-\u2069]/.test(name) ? `\u2068${name}\u2069` : name);

/** A key that nobody else has. crypto.randomUUID is for https and localhost only. */
export const randomKey = (): string => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');

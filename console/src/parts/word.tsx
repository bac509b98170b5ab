import { locale, texts } from '../texts/texts.ts';
import { duration } from './format.ts';

export type Kind = 'ok' | 'bad' | 'wait' | 'plain';

// One word, one sign, one colour: never the colour alone.
const health: Record<string, [Kind, string]> = {
  HEALTHY: ['ok', '✓'],
  FAILING: ['bad', '▲'],
  PAUSED: ['wait', '‖'],
  NEVER_USED: ['plain', '–'],
  NOTHING: ['plain', '–'],
};
const statuses: Record<string, [Kind, string]> = {
  PENDING: ['wait', '◷'],
  PAUSED: ['wait', '‖'],
  RUNNING: ['plain', '•'],
  SUCCESS: ['ok', '✓'],
  FAILED: ['bad', '✕'],
  CANCELLED: ['plain', '–'],
};

/** Tag is a word with a sign in a colour. */
export function Tag({ kind, sign, title, children }: { kind: Kind; sign?: string; title?: string; children: preact.ComponentChildren }) {
  return (
    <span class={`tag ${kind}`} title={title}>
      {sign && <span aria-hidden="true">{sign}</span>}
      {children}
    </span>
  );
}

/** HealthWord says how a receiver fares. */
export function HealthWord({ status, small }: { status: keyof typeof texts.value.health.words; small?: boolean }) {
  const [kind, sign] = health[status]!;
  const word = texts.value.health.words[status];
  if (small) return <Tag kind={kind} sign={sign} title={status}>{word}</Tag>;
  return (
    <div class={`word ${kind}`} title={status}>
      <span aria-hidden="true">{sign}</span> {word}
    </div>
  );
}

/** StatusTag says where a callback is, in people's words; the API's are in the tooltip. */
export function StatusTag({ of }: { of: { status: string; heldByPause?: boolean; error?: { code: string } | null } }) {
  const shown = of.heldByPause ? 'PAUSED' : of.error?.code === 'CANCELLED' && of.status === 'FAILED' ? 'CANCELLED' : of.status;
  const [kind, sign] = statuses[shown]!;
  return (
    <Tag kind={kind} sign={sign} title={of.status}>
      {texts.value.statuses[shown as keyof typeof texts.value.statuses]}
    </Tag>
  );
}

/** Remedy is what to do, in the server's words, which has commands between backticks. */
export const Remedy = ({ of }: { of: string | null | undefined }) => <b>{of?.split('`').map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part))}</b>;

/** Source says where a value comes from. */
export function Source({ of }: { of: keyof typeof texts.value.sources }) {
  return <span class="source">{texts.value.sources[of]}</span>;
}

interface Answered {
  httpStatus: number | null;
  error: { code: string } | null;
  durationMs: number | null;
}

/** cause is why something failed, as one word. */
export const cause = ({ error, httpStatus }: Pick<Answered, 'error' | 'httpStatus'>): string =>
  !error ? '' : error.code === 'HTTP_STATUS' && httpStatus ? `HTTP ${httpStatus}` : error.code;

/** Outcome is what came of an attempt. */
export function Outcome({ of }: { of: Answered }) {
  if (of.durationMs === null) return <Tag kind="plain" sign="•">{texts.value.statuses.RUNNING}</Tag>;
  return (
    <Tag kind={of.error ? 'bad' : 'ok'} sign={of.error ? '✕' : '✓'}>
      {cause(of) || `HTTP ${of.httpStatus}`} · {duration(of.durationMs, locale.value)}
    </Tag>
  );
}

/** Phases is where the time of an attempt went: name, connection, TLS, first byte, and the rest. */
export function Phases({ of, most }: {
  of: { durationMs: number | null; timings: { dnsMs: number; connectMs: number; tlsMs: number; firstByteMs: number } | null };
  /** The length of the whole line, in milliseconds: lines below each other have the same. */
  most: number;
}) {
  const t = texts.value.detail.phases;
  const { dnsMs = 0, connectMs = 0, tlsMs = 0, firstByteMs = 0 } = of.timings ?? {};
  const list: [string, number][] = [
    [t.dns, dnsMs],
    [t.connect, connectMs],
    [t.tls, tlsMs],
    [t.firstByte, firstByteMs],
    [t.rest, Math.max(0, (of.durationMs ?? 0) - dnsMs - connectMs - tlsMs - firstByteMs)],
  ];
  const text = list
    .filter(([, ms]) => ms >= 0.5)
    .map(([name, ms]) => `${name} ${duration(ms, locale.value)}`)
    .join(', ');
  let x = 0;
  return (
    <svg class="phases" role="img" aria-label={text || t.none} viewBox="0 0 1000 10" preserveAspectRatio="none">
      <title>{text || t.none}</title>
      {list.map(([name, ms], place) => {
        const width = (ms / Math.max(most, 1)) * 1000;
        x += width;
        return width > 0 && <rect key={name} class={`p${place}`} x={x - width} width={Math.max(width, 2)} height="10" />;
      })}
    </svg>
  );
}

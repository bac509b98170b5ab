import { signal } from '@preact/signals';
import { credential, expired, signIn } from '../api/session.ts';

/** The page around this one, as far as it is one that the operator has named (RINGBACK_EMBED_ORIGINS). */
const origins = document.querySelector<HTMLMetaElement>('meta[name=ringback-embed-origins]')?.content.split(' ') ?? [];

/** It has handed over something else than a session: a key, say, which no page may have. */
export const refused = signal(false);

// What is said to it is no secret, and it may be at any of the origins.
const say = (message: { type: string; height?: number }) => parent.postMessage(message, '*');

/** listenToHost takes the token and the theme from the page around, and says to it how high this one is, and when the session has ended. */
export function listenToHost(): void {
  if (parent === window) return;
  addEventListener('message', ({ origin, source, data }) => {
    if (source !== parent || !origins.includes(origin)) return;
    if (data?.type === 'ringback:token' && typeof data.token === 'string') take(data.token);
    if (data?.type === 'ringback:theme') paint(data);
  });
  new ResizeObserver(() => say({ type: 'ringback:height', height: Math.ceil(document.body.getBoundingClientRect().height) })).observe(document.body);
  expired.subscribe((ended) => ended && say({ type: 'ringback:expired' }));
  say({ type: 'ringback:ready' });
}

/** take signs in. A page that hands over again what has ended would be asked for another at once, and so on, sixty times a second. */
function take(given: string): void {
  const token = given.trim();
  refused.value = !/^rb[st]_/.test(token);
  if (!refused.value && token !== credential.peek()) signIn(token);
}

/** paint takes colours by the names of styles.css, without their dashes; a browser takes no other values for them. */
function paint({ scheme, variables }: { scheme?: unknown; variables?: Record<string, unknown> }): void {
  const { style } = document.documentElement;
  // A page that says nothing of it is light.
  style.colorScheme = typeof scheme === 'string' && /^(only )?(light|dark)/.test(scheme) ? scheme : 'light';
  for (const [name, value] of Object.entries(variables ?? {})) {
    if (/^[a-z-]+$/.test(name)) style.setProperty(`--${name}`, String(value));
  }
}

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { place } from '../place.ts';
import { locale } from '../texts/texts.ts';
import { clock, moment, span } from './format.ts';

/** Times are in the zone of the account that the page is about; elsewhere in the browser's. */
export const zone = (): string => place.value.zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Time shows a moment, with its UTC on hover. whole: with the day. */
export function Time({ at, whole }: { at: string; whole?: boolean }) {
  return (
    <time dateTime={at} title={`${at.replace('T', ' ').replace(/(\.\d+)?Z$/, '')} UTC · ${moment(at, zone(), locale.value)} ${zone()}`}>
      {whole ? moment(at, zone(), locale.value) : clock(at, zone())}
    </time>
  );
}

const now = signal(Date.now());
let watching = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** useNow is the time of now, each second anew for as long as something shows it. */
export function useNow(): number {
  useEffect(() => {
    now.value = Date.now();
    if (watching++ === 0) timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => {
      if (--watching === 0) clearInterval(timer);
    };
  }, []);
  return now.value;
}

/** Until counts down to what is to come. due: what is said once it might have been there. */
export function Until({ at, text, due }: { at: string; text: (span: string) => string; due?: string }) {
  const seconds = Math.max(0, Math.ceil((Date.parse(at) - useNow()) / 1000));
  return (
    <time dateTime={at} title={moment(at, zone(), locale.value)}>
      {seconds || !due ? text(span(seconds)) : due}
    </time>
  );
}

/** Since counts up from what was. */
export function Since({ at }: { at: string }) {
  return <>{span(Math.max(0, Math.floor((useNow() - Date.parse(at)) / 1000)))}</>;
}

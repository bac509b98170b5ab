import { signal } from '@preact/signals';

// The credential lives as long as the tab, and in no other one: sessionStorage, and never an address or a cookie.
const stored = 'ringback.credential';

/** Within another page the credential is that page's, and is stored nowhere. */
export const embedded = /^\/console\/embed(\/|$)/.test(location.pathname);

function read(): string {
  if (embedded) return '';
  try {
    return sessionStorage.getItem(stored) ?? '';
  } catch {
    return ''; // a page that may store nothing forgets it at the next load
  }
}

/** A session token or a key; empty: nobody is signed in. */
export const credential = signal(read());

/** The session has ended while the page was in use: what is on it stays, behind the sign-in. */
export const expired = signal(false);

/** Grows when somebody has signed in again: what failed for want of a session is asked for once more. */
export const renewed = signal(0);

export function signIn(secret: string): void {
  try {
    if (!embedded) sessionStorage.setItem(stored, secret);
  } catch {
    // as above
  }
  credential.value = secret;
  expired.value = false;
  renewed.value++;
}

export function forget(): void {
  try {
    sessionStorage.removeItem(stored);
  } catch {
    // as above
  }
  credential.value = '';
  expired.value = false;
}

/**
 * Keys are sent otherwise than sessions, and are nobody's: there is no user. The platform's is whatever its operator has chosen, so a key is what
 * a header carries and is no session, no portal session, no user key and no login code.
 */
export const isKey = (secret: string): boolean => /^(?!rb[stkl]_)[!-~]+$/.test(secret);

/** headersOf is what each request carries. */
export function headersOf(secret: string): Record<string, string> {
  if (!secret) return {};
  return isKey(secret) ? { 'x-api-key': secret } : { 'x-auth-token': secret };
}

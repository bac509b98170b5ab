import { signal } from '@preact/signals';
import { address } from '../route.ts';
import { ask } from './client.ts';
import { graphql } from './graphql.ts';
import { credential, signIn } from './session.ts';

const byCode = graphql(`
  mutation SignInByLoginCode($code: String!) {
    createSessionUsingLoginCode(input: { code: $code }) { token }
  }
`);

export const codeIn = (text: string) => new URLSearchParams(text.split('#')[1]).get('code');

export async function signInByCode(code: string): Promise<void> {
  const { createSessionUsingLoginCode } = await ask(byCode, { code }, '');
  signIn(createSessionUsingLoginCode.token);
}

/** What came of the code in the address, for the sign-in to say. */
export const refusedCode = signal(false);

/** The code of a link that was opened while somebody was signed in, who is asked first. Empty: there is none. */
export const offeredCode = signal('');

/** takeCode signs in by the code of a link, which works once; it is taken out of the address in any case. */
export async function takeCode(): Promise<void> {
  const code = codeIn(location.hash);
  if (!code) return;
  history.replaceState(null, '', location.pathname + location.search);
  address.value = new URL(location.href);
  if (credential.peek()) {
    offeredCode.value = code;
    return;
  }
  await signInByCode(code).catch(() => (refusedCode.value = true));
}

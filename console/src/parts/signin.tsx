import { useSignal } from '@preact/signals';
import { ask } from '../api/client.ts';
import { codeIn, offeredCode, refusedCode, signInByCode } from '../api/code.ts';
import type { Failure } from '../api/failure.ts';
import { graphql } from '../api/graphql.ts';
import { expired, forget, isKey, signIn } from '../api/session.ts';
import { texts } from '../texts/dialogs.ts';
import { viewerName } from '../viewer.ts';
import { useAct } from './ask.ts';
import { Brand } from './brand.tsx';
import { Answers, Dialog, Field } from './controls.tsx';
import { Failed } from './state.tsx';

const byUserKey = graphql(`
  mutation SignInByUserKey($input: CreateSessionUsingUserKeyInput!) {
    createSessionUsingUserKey(input: $input) { token }
  }
`);
const me = graphql(`query Me { me { id } }`);
const some = graphql(`query Some { accounts(first: 1) { totalCount } }`);

/** What the server says of a secret that is wrong. */
const refusals = ['UNAUTHENTICATED', 'INCORRECT_LOGIN_CODE', 'INCORRECT_USER_KEY_ID_OR_SECRET', 'BAD_USER_INPUT'];
const isRefused = (failure?: Failure) => failure !== undefined && refusals.includes(failure.code);

/** enter signs in by whatever somebody has: a link, its code, a session token or a key. */
async function enter(text: string, userKeyId: string): Promise<void> {
  const code = codeIn(text);
  if (code) return signInByCode(code);
  if (text.startsWith('rbk_')) {
    const { createSessionUsingUserKey } = await ask(byUserKey, { input: { userKeyId, secret: text, name: 'Console' } });
    return signIn(createSessionUsingUserKey.token);
  }
  if (!/^rb[st]_/.test(text) && !isKey(text)) return signInByCode(text);
  await ask<unknown, object>(text.startsWith('rbs_') ? me : some, {}, text); // a wrong token must not become the session
  signIn(text);
}

function Form() {
  const t = texts.value.signIn;
  const secret = useSignal('');
  const userKeyId = useSignal('');
  const { busy, failure, act } = useAct();
  const refused = isRefused(failure.value);
  const byKey = secret.value.startsWith('rbk_');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void act(() => enter(secret.value.trim(), userKeyId.value.trim()));
      }}
    >
      <Field
        label={t.secret}
        hint={t.hint}
        problem={refused ? (byKey ? t.wrongKey : t.wrong) : refusedCode.value && !failure.value && !secret.value ? t.wrong : undefined}
      >
        {(props) => (
          <input
            {...props}
            type="password"
            autocomplete="off"
            autofocus
            required
            spellcheck={false}
            value={secret}
            onInput={(event) => (secret.value = event.currentTarget.value)}
          />
        )}
      </Field>
      {byKey && (
        <Field label={t.keyId}>
          {(props) => (
            <input
              {...props}
              autocomplete="off"
              required
              spellcheck={false}
              value={userKeyId}
              onInput={(event) => (userKeyId.value = event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      {failure.value && !refused && <Failed failure={failure.value} />}
      <p class="row">
        <button class="primary" disabled={busy}>
          {t.submit}
        </button>
        {expired.value && (
          <button type="button" onClick={forget}>
            {texts.value.menu.signOut}
          </button>
        )}
      </p>
      <p class="hint">{t.privacy}</p>
    </form>
  );
}

/** SignIn is all that a stranger sees. */
export function SignIn() {
  return (
    <main class="signin">
      <section>
        <p class="brand">
          <Brand />
        </p>
        <h1>{texts.value.signIn.title}</h1>
        <Form />
      </section>
    </main>
  );
}

/** SignInAgain stands before a page whose session has ended; what is on the page stays. */
export function SignInAgain() {
  const t = texts.value.signIn;
  return (
    <Dialog title={t.again}>
      <p>{t.againHint}</p>
      <Form />
    </Dialog>
  );
}

/** SignInInstead asks who is signed in whether a link that was opened shall take their place: somebody else may have sent it. */
export function SignInInstead() {
  const t = texts.value.signIn;
  const { busy, failure, act } = useAct();
  const close = () => (offeredCode.value = '');
  return (
    <Dialog title={t.instead} onClose={close}>
      <p>
        {expired.value ? `${t.again}.` : t.insteadOf(viewerName.value ?? '…')} {t.insteadHint}
      </p>
      {failure.value && (isRefused(failure.value) ? <p class="bad">✕ {t.wrong}</p> : <Failed failure={failure.value} />)}
      <Answers close={close}>
        <button
          type="button"
          class="primary"
          disabled={busy}
          onClick={() =>
            void act(async () => {
              await signInByCode(offeredCode.peek());
              location.reload(); // what stands on the page is not theirs
            })
          }
        >
          {t.submit}
        </button>
      </Answers>
    </Dialog>
  );
}

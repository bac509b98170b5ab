import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { History } from '../history/history.tsx';
import { useAsk } from '../parts/ask.ts';
import { Create } from '../parts/create.tsx';
import { Act, Facts } from '../parts/detail.tsx';
import { List, Table } from '../parts/list.tsx';
import { Loaded } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { useTurn } from '../parts/turn.ts';
import { HealthWord, Outcome } from '../parts/word.tsx';
import { place } from '../place.ts';
import type { Route } from '../route.ts';
import { texts } from '../texts/work.ts';
import { viewer } from '../viewer.ts';

const own = graphql(`query OwnClient { ssoClients(first: 1) { nodes { id } } }`);
const one = graphql(`query Partner($id: ObjectID!, $secrets: Boolean!, $keys: Boolean!) {
  getSSOClient(id: $id) {
    id name webhookUrl noticeMode seesPayloads version callbackHealth { status failingSince }
    webhookSigningSecrets @include(if: $secrets) { createdAt expiresAt }
    keys @include(if: $keys) { id name createdAt }
  }
}`);
const reveal = graphql(`query PartnerSecrets($id: ObjectID!) { getSSOClient(id: $id) { webhookSigningSecrets { secret } } }`);
const accounts = graphql(`query PartnerAccounts($after: String) {
  accounts(first: 20, after: $after) { totalCount nodes { rawID name callbackHealth { status failingSince } } pageInfo { hasNextPage endCursor } }
}`);
const update = graphql(`mutation UpdatePartner($input: UpdateSSOClientInput!) { updateSSOClient(input: $input) { ssoClient { id } } }`);
const test = graphql(`mutation TestPartner($input: SendTestCallbackInput!) { sendTestCallback(input: $input) { attempt { httpStatus durationMs error { code message } } } }`);
const rotate = graphql(`mutation RotatePartner($input: RotateWebhookSigningSecretInput!) { rotateWebhookSigningSecret(input: $input) { ssoClient { id } } }`);
const createKey = graphql(`mutation CreatePartnerKey($input: CreateSSOClientKeyInput!) { createSSOClientKey(input: $input) { key } }`);
const deleteKey = graphql(`mutation DeletePartnerKey($input: DeleteSSOClientKeyInput!) { deleteSSOClientKey(input: $input) { ssoClientKey { id } } }`);

/** OwnPartner is the page of the SSO client whose key this is. */
export function OwnPartner() {
  const asked = useAsk(own, {});
  return <Loaded of={asked}>{({ ssoClients: { nodes } }) => nodes[0] && <Partner route={{ page: 'partner', item: nodes[0].id }} />}</Loaded>;
}

/** Partner is an SSO client: failures of its accounts, its webhook with secrets and keys, and its notices. */
export function Partner({ route }: { route: Route }) {
  const t = texts.value.admin;
  const id = route.item!;
  const round = useSignal(0);
  const secrets = useSignal<string[] | undefined>(undefined);
  const tested = useSignal<{ httpStatus: number | null; durationMs: number | null; error: { code: string; message: string } | null } | null>(null);
  const turn = useTurn();
  // A portal session sees no keys, and one that only reads no secrets.
  const known = viewer.value;
  const mayChange = known !== undefined && known.permission !== 'READ';
  const asked = useAsk(one, { id, secrets: mayChange, keys: mayChange && !known.permission }, round.value + turn.turn);
  const done = () => void round.value++;
  const itself = viewer.value?.ssoClient; // and not the platform
  useEffect(() => {
    place.value = {};
  }, []);
  return (
    <Loaded of={asked}>
      {({ getSSOClient: found }) =>
        found && (
          <>
            <section aria-labelledby="webhook">
              <h2 id="webhook">
                {found.name} <HealthWord status={found.callbackHealth.status} small />
              </h2>
              <Facts
                of={[
                  [t.webhook, found.webhookUrl ? <code>{found.webhookUrl}</code> : texts.value.none],
                  [texts.value.fields.noticeMode, found.noticeMode],
                  ...(found.webhookSigningSecrets ?? []).map(({ createdAt }, at): [string, preact.ComponentChildren] => [
                    `${t.secret} ${at + 1}`,
                    <>
                      <code>{secrets.value?.[at] ?? 'whsec_••••••••'}</code> <Time at={createdAt} whole />
                    </>,
                  ]),
                ]}
              />
              {mayChange && (
                <div class="row">
                  <Create
                    label={t.change}
                    fields={itself ? { webhookUrl: [] } : { name: [], webhookUrl: [], noticeMode: ['EACH', 'DIGEST'] }}
                    values={{ name: found.name, webhookUrl: found.webhookUrl, noticeMode: found.noticeMode }}
                    work={(input: object) => ask(update, { input: { ...input, ssoClientId: id, ifVersion: found.version } }).then(done)}
                  />
                  <Act
                    label={t.test}
                    work={async () => {
                      tested.value = (await ask(test, { input: { ssoClientId: id } })).sendTestCallback.attempt;
                      done();
                    }}
                  />
                  {found.webhookSigningSecrets && (
                    <>
                      <Act
                        label={secrets.value ? texts.value.hide : t.reveal}
                        work={async () => {
                          secrets.value = secrets.value ? undefined : (await ask(reveal, { id })).getSSOClient?.webhookSigningSecrets?.map(({ secret }) => secret);
                        }}
                      />
                      <Act
                        label={t.rotate}
                        sure={t.rotateHint}
                        work={async () => {
                          await ask(rotate, { input: { ssoClientId: id } });
                          secrets.value = undefined; // they have other places now
                          done();
                        }}
                      />
                    </>
                  )}
                  {found.keys && (
                    <Create
                      label={t.newKey}
                      fields={{ 'name*': [] }}
                      work={async ({ name }: { name: string }) => {
                        const { createSSOClientKey: made } = await ask(createKey, { input: { ssoClientId: id, name } });
                        done();
                        return made.key;
                      }}
                    />
                  )}
                </div>
              )}
              <div role="status">
                {tested.value && (
                  <p>
                    <Outcome of={tested.value} /> {tested.value.error?.message}
                  </p>
                )}
              </div>
              {found.keys && found.keys.length > 0 && (
                <Table
                  title={t.keys}
                  head={[t.name, texts.value.work.created, t.key]}
                  rows={found.keys.map((key) => [
                    key.name,
                    <Time at={key.createdAt} whole />,
                    <Act label={t.deleteKey} sure={t.deleteHint} work={() => ask(deleteKey, { input: { ssoClientKeyId: key.id } }).then(done)} />,
                  ])}
                />
              )}
            </section>
            {itself && (
              <List
                title={texts.value.nav.accounts}
                document={accounts}
                variables={{}}
                of={(data) => data.accounts}
                head={[t.name, t.health, t.failures]}
                none={<p>{t.none}</p>}
                row={({ rawID, name, callbackHealth }) => [
                  <a href={`/console/accounts/${rawID}`}>{name}</a>,
                  <HealthWord status={callbackHealth.status} small />,
                  <a href={`/console/accounts/${rawID}?status=FAILED`}>{t.failures}</a>,
                ]}
              />
            )}
            <History owner={{ kind: 'ssoClient', id: found.id }} mayChange={mayChange} turn={round.value} stirred={turn.next} />
          </>
        )
      }
    </Loaded>
  );
}

import type { TadaDocumentNode } from 'gql.tada';
import { Failure, failureOf, offline, type ErrorLike } from './failure.ts';
import { credential, expired, headersOf } from './session.ts';

const url = '/graphql';

interface Answer<Data> {
  data?: Data | null;
  errors?: ErrorLike[];
}

const post = (document: unknown, variables: unknown, accept: string, secret: string, signal?: AbortSignal): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headersOf(secret) },
    body: JSON.stringify({ query: document, variables }),
    cache: 'no-store',
    signal,
  });

/** ask sends a query or a mutation as who is signed in, or by another secret, and returns the whole answer or throws a Failure. */
export async function ask<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  secret = credential.peek(),
): Promise<Data> {
  let answer: Answer<Data>;
  let id: string | null = null;
  try {
    const response = await post(document, variables, 'application/json', secret);
    id = response.headers.get('x-request-id');
    answer = await response.json();
  } catch {
    throw offline(); // no server answered, or something else than ours
  }
  if (answer.data && !answer.errors?.length) return answer.data;
  const failure = failureOf(answer.errors ?? [], id);
  notice(failure, secret);
  throw failure;
}

/** The session that a request was sent with has ended; another one may have begun meanwhile. */
function notice(failure: Failure, sent: string): void {
  if (failure.code === 'UNAUTHENTICATED' && sent && sent === credential.peek()) expired.value = true;
}

/**
 * follow listens to a subscription until it ends, or the function that it returns is called; ended has the reason, if
 * there is one. It does not connect again by itself: who follows knows from where to go on.
 */
export function follow<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  next: (data: Data) => void,
  ended: (failure?: Failure) => void,
): () => void {
  const stopped = new AbortController();
  const sent = credential.peek();
  const read = async (): Promise<Failure | undefined> => {
    let reason: Failure | undefined;
    const take = ({ data, errors }: Answer<Data>) => {
      if (errors?.length) reason = failureOf(errors);
      else if (data) next(data);
    };
    const response = await post(document, variables, 'text/event-stream', sent, stopped.signal);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      take(await response.json());
      return reason ?? offline();
    }
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ''; ; ) {
      const { done, value } = await reader.read();
      if (done) return reason ?? offline(); // without a complete it was cut off
      const [events, left] = readEvents(rest + value);
      rest = left;
      for (const { event, data } of events) {
        if (event === 'complete') return reason;
        if (event === 'next') take(JSON.parse(data));
      }
    }
  };
  read()
    .catch(() => offline())
    .then((reason) => {
      if (stopped.signal.aborted) return;
      if (reason) notice(reason, sent);
      ended(reason);
      stopped.abort();
    });
  return () => stopped.abort();
}

/** readEvents takes the whole events from the front of a stream of them, and returns what is left; comments are none. */
export function readEvents(text: string): [{ event: string; data: string }[], string] {
  const blocks = text.split(/\r?\n\r?\n/);
  const rest = blocks.pop()!;
  const events = blocks.map((block) => {
    const found = { event: 'message', data: '' };
    for (const line of block.split(/\r?\n/)) {
      const [, name, value = ''] = /^(event|data):? ?(.*)$/.exec(line) ?? [];
      if (name === 'event') found.event = value;
      if (name === 'data') found.data += value;
    }
    return found;
  });
  return [events.filter(({ event, data }) => event !== 'message' || data), rest];
}

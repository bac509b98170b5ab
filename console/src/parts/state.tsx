import type { ComponentChildren } from 'preact';
import type { Failure } from '../api/failure.ts';
import { embedded } from '../api/session.ts';
import { texts } from '../texts/texts.ts';
import type { Asked } from './ask.ts';
import { sentences } from './format.ts';

/** Loading stands where something will be. */
export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={texts.value.loading}>
      {Array.from({ length: rows }, (_, row) => (
        <i key={row} />
      ))}
    </div>
  );
}

/** sentence says a failure to people: in the catalogue's words where there are some, and else in the server's. */
export function sentence(failure: Failure): string {
  const { embed, failures } = texts.value;
  const known = embedded && failure.code === 'ENTITY_NOT_FOUND' ? embed.other : failures[failure.code as keyof typeof failures];
  // When it may be done again is counted down beside it.
  return known ?? sentences(...failure.problems.map(({ message }) => message.replace(/ The next may be at .*/, '')));
}

/** Failed says what went wrong, under which id the server's log has it, and how to try again. */
export function Failed({ failure, again }: { failure: Failure; again?: () => void }) {
  const t = texts.value;
  return (
    <div class="failed" role="alert">
      <p>
        <b aria-hidden="true">✕ </b>
        {sentence(failure)}
      </p>
      {failure.requestId && (
        <p class="hint">
          {t.requestId} <code>{failure.requestId}</code>
        </p>
      )}
      {again && (
        <button type="button" onClick={again}>
          {t.retry}
        </button>
      )}
    </div>
  );
}

/** Loaded shows an answer, or why there is none: loading and error are told apart here for all pages. */
export function Loaded<Data>({ of, rows, children }: {
  of: Asked<Data>;
  rows?: number;
  children: (data: Data) => ComponentChildren;
}) {
  const data = of.data.value;
  const failure = of.failure.value;
  return (
    <>
      {failure && <Failed failure={failure} again={of.again} />}
      {data ? children(data) : !failure && <Loading rows={rows} />}
    </>
  );
}

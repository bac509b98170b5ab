import type { ComponentChildren } from 'preact';
import { credential, expired } from '../api/session.ts';
import { texts } from '../texts/texts.ts';
import { refused } from './host.ts';

/** Embedded is a page within another one: without what leads elsewhere, and signed in by the page around it. */
export function Embedded({ children }: { children: ComponentChildren }) {
  const t = texts.value.embed;
  return (
    <main id="main" class="embedded">
      {(refused.value || expired.value) && (
        <p class="note" role="alert">
          {refused.value ? t.key : t.expired}
        </p>
      )}
      {credential.value ? children : <p role="status">{parent === window ? t.alone : t.waiting}</p>}
    </main>
  );
}

import type { Signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { go, withParameters } from '../route.ts';
import { canReplay, canRetry, mayAct, type Act } from './actions.ts';
import type { Row } from './data.ts';

/** useKeys lets the history be used without a mouse and without Tab. Nothing happens while somebody types, or a dialog is open. */
export function useKeys({ rows, selected, open, mayChange, act, help }: {
  rows: Row[];
  selected: Signal<string | null>;
  open: string | null;
  mayChange: boolean;
  act: Act;
  help: Signal<boolean>;
}) {
  // With the rows at once: a key between their appearance and an effect would be lost.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as Element;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (target.matches('input, textarea, select')) return;
      // What sends something is meant by a letter only where no button and no form has the focus.
      if ('tr'.includes(event.key) && target.closest('button, summary, form')) return;
      const place = rows.findIndex(({ uid }) => uid === selected.value);
      const row = rows[place];
      const move = (to: number) => {
        const next = rows[Math.max(0, Math.min(rows.length - 1, to))];
        if (!next) return;
        selected.value = next.uid;
        const link = document.getElementById(`row-${next.uid}`);
        link?.focus();
        link?.scrollIntoView({ block: 'nearest' });
      };
      const keys: Record<string, () => void> = {
        j: () => move(place + 1),
        k: () => move(place < 0 ? 0 : place - 1),
        '/': () => document.getElementById('search')?.focus(),
        '?': () => (help.value = true),
        t: () => document.querySelector<HTMLButtonElement>('[data-key=t]')?.click(),
        r: () => {
          if (!row || !mayAct(row, mayChange)) return;
          if (canRetry(row)) void act.retry(row);
          else if (canReplay(row)) void act.replay(row);
        },
        Escape: () => open && go(withParameters({ callback: null }), true),
        Enter: () => {
          if (row && !target.matches('a, button, summary')) go(withParameters({ callback: row.uid }), true);
        },
      };
      const does = keys[event.key];
      if (!does) return;
      if (event.key !== 'Enter') event.preventDefault();
      does();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  });
}

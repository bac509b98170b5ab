import { useSignal, type Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { embedded } from '../api/session.ts';
import { texts } from '../texts/texts.ts';

/** Choice is a list of which one is chosen. */
export function Choice<Value extends string>({ label, value, options }: {
  label: string;
  value: Signal<Value>;
  options: Record<Value, string>;
}) {
  const id = useId();
  return (
    <p class="choice">
      <label for={id}>{label}</label>
      <select id={id} value={value.value} onChange={(event) => (value.value = event.currentTarget.value as Value)}>
        {Object.entries<string>(options).map(([name, text]) => (
          <option key={name} value={name} selected={name === value.value}>
            {text}
          </option>
        ))}
      </select>
    </p>
  );
}

/** Field is a labelled input, with what is wrong with it at it. */
export function Field({ label, hint, problem, warning, children }: {
  label: string;
  hint?: ComponentChildren;
  problem?: string;
  warning?: string;
  children: (props: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-hint`, 'aria-invalid': Boolean(problem) })}
      <div id={`${id}-hint`} class="hint" aria-live="polite">
        {problem && <span class="bad">✕ {problem} </span>}
        {!problem && warning && <span class="wait">▲ {warning} </span>}
        {hint}
      </div>
    </div>
  );
}

/**
 * Dialog is modal, closes by Escape, and gives the focus back to where it was. Within another page the middle of this one, which is as
 * high as all that is on it, may be far out of sight: there a dialog stands beside what has opened it.
 */
export function Dialog({ title, onClose, children }: {
  title: string;
  /** Without it the dialog cannot be closed. */
  onClose?: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement;
    const shown = dialog.current!;
    shown.showModal();
    if (embedded) {
      shown.style.cssText = `position: absolute; margin-top: ${Math.min(before.getBoundingClientRect().top, innerHeight - shown.offsetHeight - 8)}px`;
      shown.scrollIntoView({ block: 'center' });
    }
    return () => {
      shown.close();
      before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={id}>
        {title}
        {onClose && (
          <button type="button" class="quiet end" aria-label={texts.value.close} onClick={onClose}>
            ✕
          </button>
        )}
      </h2>
      {children}
    </dialog>
  );
}

/** Answers are what a dialog ends with: what it is for, and Cancel. */
export const Answers = ({ close, children }: { close: () => void; children: ComponentChildren }) => (
  <p class="row">
    {children}
    <button type="button" onClick={close}>
      {texts.value.cancel}
    </button>
  </p>
);

/** copy puts a text into the clipboard, or says that it may not: a plain http address, and a frame that is not let, have the old way only. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // the old way
  }
  const before = document.activeElement as HTMLElement;
  const area = document.createElement('textarea');
  area.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  before.focus();
  return done;
}

/** CopyButton puts a text into the clipboard, and says so; where it may not, it shows the text to be copied by hand. */
export function CopyButton({ text, label, quiet }: { text: string | (() => string | Promise<string>); label?: string; quiet?: boolean }) {
  const done = useSignal(false);
  const refused = useSignal('');
  const t = texts.value;
  return (
    <>
      <button
        type="button"
        class={quiet ? 'link' : undefined}
        onClick={async () => {
          const wanted = typeof text === 'string' ? text : await text();
          if (!(await copy(wanted))) return void (refused.value = wanted);
          done.value = true;
          setTimeout(() => (done.value = false), 2000);
        }}
      >
        <span aria-live="polite">{done.value ? `✓ ${t.copied}` : (label ?? t.copy)}</span>
      </button>
      {refused.value && (
        <Dialog title={t.byHand} onClose={() => (refused.value = '')}>
          <textarea readOnly rows={6} aria-label={t.byHand} value={refused.value} ref={(area) => area?.select()} />
        </Dialog>
      )}
    </>
  );
}

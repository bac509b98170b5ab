import { Dialog } from '../parts/controls.tsx';
import { texts } from '../texts/dialogs.ts';

/** Help lists the keys. */
export function Help({ close }: { close: () => void }) {
  const t = texts.value.keys;
  return (
    <Dialog title={t.title} onClose={close}>
      <dl class="keys">
        {Object.entries(t.list).map(([key, text]) => [
          <dt key={key}>
            <kbd>{key}</kbd>
          </dt>,
          <dd key={`${key} text`}>{text}</dd>,
        ])}
      </dl>
    </Dialog>
  );
}

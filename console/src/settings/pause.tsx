import { ask } from '../api/client.ts';
import { useAct } from '../parts/ask.ts';
import { nameOf } from '../parts/format.ts';
import { ownerInput, type Owner } from '../parts/owner.ts';
import { Failed } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { texts } from '../texts/texts.ts';
import { pause, resume, type AccountSettings, type ProjectSettings } from './data.ts';
import { mayChange } from './role.ts';

/** Pause lets nothing leave until somebody resumes it, and says who has paused what. */
export function Pause({ owner, settings, account, again, done }: {
  owner: Owner;
  settings: ProjectSettings | AccountSettings;
  account?: AccountSettings;
  again: () => void;
  done: () => void;
}) {
  const t = texts.value.settings;
  const { busy, failure, act } = useAct();
  const role = account?.role ?? ('role' in settings ? settings.role : null);
  const may = mayChange('project', role);
  const turn = () =>
    act(async () => {
      const input = { owner: ownerInput(owner) };
      await (settings.pausedAt ? ask(resume, { input }) : ask(pause, { input }));
      again();
      done();
    });
  return (
    <div class="pause">
      {[settings, account].map(
        (of, place) =>
          of?.pausedAt && (
            <p key={place} class="note" role="status">
              ‖ {t.paused[place === 1 || owner.kind === 'account' ? 'account' : 'project']} <Time at={of.pausedAt} whole /> {of.pausedBy && nameOf(of.pausedBy)}. {t.pausedHint}
            </p>
          ),
      )}
      {failure.value && <Failed failure={failure.value} />}
      {may && (
        <button type="button" aria-disabled={busy} onClick={() => void turn()} title={settings.pausedAt ? undefined : t.pauseHint}>
          {settings.pausedAt ? `▶ ${t.resume}` : `‖ ${t.pause}`}
        </button>
      )}
    </div>
  );
}

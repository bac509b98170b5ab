import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useAsk } from '../parts/ask.ts';
import type { Owner } from '../parts/owner.ts';
import { Loaded } from '../parts/state.tsx';
import { Source } from '../parts/word.tsx';
import type { Role } from '../place.ts';
import { texts } from '../texts/texts.ts';
import { accountSettings, projectSettings, ready, type AccountSettings, type ProjectSettings } from './data.ts';
import { Diagnosis } from './diagnosis.tsx';
import { FormActions, FormFields, movedText, useForm } from './form.tsx';
import { Pause } from './pause.tsx';
import { mayChange } from './role.ts';
import { Secrets } from './secrets.tsx';
import { SendTest } from './test.tsx';
import { effectiveLines } from './values.ts';

/** Settings of a project and of its account side by side, with what is used now, and what there is to do. */
export function SettingsOfProject({ id, turn, stirred }: { id: string; turn: number; stirred: () => void }) {
  const t = texts.value.settings;
  const asked = useAsk(projectSettings, { id }, turn);
  const level = useSignal<Owner['kind']>('project');
  const url = asked.data.value?.getProject?.effectiveApiCallback;
  useEffect(() => {
    ready.value = Boolean(url);
    return () => (ready.value = false);
  }, [url]);
  return (
    <>
      <section aria-labelledby="settings">
        <h2 id="settings">
          {t.title}
          <span class="end levels-choice">
            {(['project', 'account'] as const).map((kind) => (
              <button key={kind} type="button" aria-pressed={level.value === kind} onClick={() => (level.value = kind)}>
                {t.levels[kind]}
              </button>
            ))}
          </span>
        </h2>
        <Loaded of={asked} rows={6}>
          {({ getProject: project }) =>
            project && (
              <>
                <div class="levels" data-level={level.value}>
                  <Level owner={{ kind: 'project', id: project.id }} settings={project} role={project.account.role} again={asked.again} done={stirred} project={project} />
                  <Level owner={{ kind: 'account', id: project.account.id }} settings={project.account} role={project.account.role} again={asked.again} done={stirred} />
                </div>
                <UsedNow project={project} account={project.account} />
                <Pause owner={{ kind: 'project', id: project.id }} settings={project} account={project.account} again={asked.again} done={stirred} />
              </>
            )
          }
        </Loaded>
      </section>
      {asked.data.value?.getProject && <Try project={asked.data.value.getProject} role={asked.data.value.getProject.account.role} stirred={stirred} />}
    </>
  );
}

/** SettingsOfAccount are those of an account by itself. */
export function SettingsOfAccount({ id, turn, stirred }: { id: string; turn: number; stirred: () => void }) {
  const asked = useAsk(accountSettings, { id }, turn);
  return (
    <section aria-labelledby="settings">
      <h2 id="settings">{texts.value.settings.title}</h2>
      <Loaded of={asked} rows={5}>
        {({ getAccount: account }) =>
          account && (
            <>
              <Level owner={{ kind: 'account', id: account.id }} settings={account} role={account.role} again={asked.again} done={stirred} />
              <Pause owner={{ kind: 'account', id: account.id }} settings={account} again={asked.again} done={stirred} />
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function Level({ owner, settings, role, again, done, project }: {
  owner: Owner;
  settings: ProjectSettings | AccountSettings;
  role: Role | null;
  again: () => void;
  done: () => void;
  project?: ProjectSettings & { account: AccountSettings };
}) {
  const t = texts.value.settings;
  const form = useForm(owner, settings);
  const locked = !mayChange(owner.kind, role);
  const next = form.checked.value?.effective;
  const moved = form.checked.value?.movedCallbacks ?? 0;
  return (
    <form
      data-kind={owner.kind}
      aria-label={t.levels[owner.kind]}
      onSubmit={(event) => {
        event.preventDefault();
        if (!form.dirty || form.checked.value?.ok === false) return;
        void form.save().then((saved) => {
          if (!saved) return;
          again();
          done();
        });
      }}
    >
      {locked && <p class="note">{t.locked[owner.kind]}</p>}
      <FormFields form={form} owner={owner} locked={locked} />
      {form.dirty && next && (project || moved > 0) && form.checked.value?.ok && (
        <p class="hint">
          {t.wouldUse} <code>{next.url}</code> <Source of={next.source} />
          {moved > 0 && <> {t.moved(movedText(moved))}</>}
        </p>
      )}
      {!locked && (
        <FormActions
          form={form}
          again={again}
          done={() => {
            again();
            done();
          }}
        />
      )}
    </form>
  );
}

/** UsedNow is what a callback would be sent with now, each value with its source, and what is overridden struck through. */
function UsedNow({ project, account }: { project: ProjectSettings; account: AccountSettings }) {
  const t = texts.value.settings;
  const limits = project.effectiveApiCallbackLimits;
  const lines = effectiveLines(project.effectiveApiCallback, project, account);
  return (
    <div class="used">
      <h3>{t.usedNow}</h3>
      {!project.effectiveApiCallback && <p class="wait">▲ {t.nowhere}</p>}
      <ul>
        {lines.map(({ text, source, overridden }, place) => (
          <li key={place}>
            {overridden ? (
              <s title={t.overridden}>
                <span class="unseen">{t.overridden}: </span>
                <code>{text}</code>
              </s>
            ) : (
              <code>{text}</code>
            )}{' '}
            <Source of={source} />
          </li>
        ))}
        {limits && (
          <li>
            {limits.maxInFlight && t.atOnce(limits.maxInFlight)} {limits.maxPerSecond && t.perSecond(limits.maxPerSecond)} <Source of={limits.source} />
          </li>
        )}
      </ul>
    </div>
  );
}

function Try({ project, role, stirred }: { project: ProjectSettings; role: Role | null; stirred: () => void }) {
  if (!mayChange('project', role)) return null;
  return (
    <>
      <SendTest projectId={project.id} ready={project.effectiveApiCallback !== null} stirred={stirred} />
      <Diagnosis projectId={project.id} ready={project.effectiveApiCallback !== null} />
      {role === 'Admin' && <Secrets projectId={project.id} />}
    </>
  );
}

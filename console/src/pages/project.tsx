import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { graphql } from '../api/graphql.ts';
import { Health } from '../health/health.tsx';
import { History } from '../history/history.tsx';
import { useAsk, useSeen } from '../parts/ask.ts';
import { Loaded } from '../parts/state.tsx';
import { useTurn } from '../parts/turn.ts';
import { here, useHere } from '../place.ts';
import { go, type Route } from '../route.ts';
import { mayResend } from '../settings/role.ts';
import { SettingsOfProject } from '../settings/settings.tsx';
import { texts } from '../texts/texts.ts';

const overview = graphql(`query Project($id: ObjectID!) { getProject(id: $id) { ...Here } }`, [here]);

/** Project answers: is it all right? what happened? what do I do? */
export function Project({ route }: { route: Route }) {
  const asked = useAsk(overview, { id: route.project! });
  const project = asked.data.value?.getProject;
  const part = useSignal(route.part === 'settings' ? 'settings' : 'history');
  const health = useTurn();
  const history = useTurn();
  const settings = useTurn();
  useSeen(() => {
    health.next();
    settings.next();
  });
  useEffect(() => {
    if (route.part === 'settings') go(`/console/projects/${route.project}`, true);
  }, []);
  useHere(project);
  return (
    <Loaded of={asked}>
      {({ getProject: found }) =>
        found && (
          <>
            <div class="tabs">
              {(['history', 'settings'] as const).map((name) => (
                <button key={name} type="button" aria-pressed={part.value === name} onClick={() => (part.value = name)}>
                  {texts.value.project[name]}
                </button>
              ))}
            </div>
            <div class="columns" data-part={part.value}>
              <div>
                <Health owner={{ kind: 'project', id: found.id }} turn={health.turn} moved={settings.next} />
                <History owner={{ kind: 'project', id: found.id }} mayChange={mayResend(found.account.role)} turn={history.turn} stirred={health.next} />
              </div>
              <aside aria-label={texts.value.project.settings}>
                <SettingsOfProject id={found.id} turn={settings.turn} stirred={history.next} />
              </aside>
            </div>
          </>
        )
      }
    </Loaded>
  );
}

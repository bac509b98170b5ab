import { computed, effect, signal } from '@preact/signals';
import { ask } from './api/client.ts';
import { graphql, type Answer } from './api/graphql.ts';
import { credential, isKey } from './api/session.ts';
import { nameOf } from './parts/format.ts';
import { texts } from './texts/texts.ts';

const query = graphql(`query Viewer { viewer { user { id firstName lastName username } project { id } ssoClient { id } permission } }`);

/** Who looks, as the server says it of each credential; undefined until it has. */
export const viewer = signal<Answer<typeof query>['viewer'] | undefined>(undefined);

/** What the one who looks is called; a key is nobody. */
export const viewerName = computed(() => viewer.value && (viewer.value.user ? nameOf(viewer.value.user) : texts.value.menu.key));

/** The platform's key is the one of nothing. */
export const isPlatform = computed(() => isKey(credential.value) && viewer.value && !viewer.value.project && !viewer.value.ssoClient);

effect(() => {
  const asking = credential.value;
  viewer.value = undefined;
  if (!asking) return;
  ask(query, {}).then(
    (answer) => {
      if (asking === credential.peek()) viewer.value = answer.viewer;
    },
    () => undefined, // the page says what is wrong: it asks for more
  );
});

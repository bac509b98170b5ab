import { computed, effect, signal } from '@preact/signals';
import { en } from './en.ts';

export type Texts = typeof en;
export type Language = 'en' | 'de';

export const languages: Record<Language, string> = { en: 'English', de: 'Deutsch' };

/** preference is a choice that the browser remembers: nothing secret. */
export function preference<Value extends string>(name: string, initial: Value) {
  const key = `ringback.${name}`;
  let stored: Value | null = null;
  try {
    stored = localStorage.getItem(key) as Value | null;
  } catch {
    // then it is chosen anew each time
  }
  const choice = signal<Value>(stored ?? initial);
  let first = true;
  effect(() => {
    const value = choice.value;
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(key, value);
    } catch {
      // as above
    }
  });
  return choice;
}

const preferred = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in languages) as Language | undefined;

export const language = preference<Language>('language', preferred ?? 'en');

/** How numbers and times are written: as the browser prefers it within the language. */
export const locale = computed(() => navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value);

/** Every text of the page. English is within; another language is loaded when it is chosen. */
export const texts = signal<Texts>(en);

/** begin loads the language that is chosen, and follows the choice. */
export async function begin(): Promise<void> {
  const load = async (chosen: Language) => {
    const loaded = chosen === 'de' ? (await import('./de.ts')).de : en;
    if (language.peek() !== chosen) return;
    texts.value = loaded;
    document.documentElement.lang = chosen;
  };
  await load(language.peek());
  language.subscribe((chosen) => void load(chosen));
}

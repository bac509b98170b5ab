import { preference } from './texts/texts.ts';

export type Theme = 'auto' | 'light' | 'dark';

export const theme = preference<Theme>('theme', 'auto');

/** The style sheet has each colour for both: light-dark() takes that of color-scheme. */
export const followTheme = () =>
  theme.subscribe((chosen) => {
    document.documentElement.style.colorScheme = chosen === 'auto' ? 'light dark' : chosen;
  });

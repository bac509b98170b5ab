import { render } from 'preact';
import { takeCode } from './api/code.ts';
import { embedded } from './api/session.ts';
import { App } from './app.tsx';
import { listenToHost } from './embed/host.ts';
import { listen } from './route.ts';
import './styles.css';
import { begin } from './texts/texts.ts';
import { followTheme } from './theme.ts';

followTheme();
listen();
await Promise.all([begin(), embedded || takeCode()]);
if (!embedded) addEventListener('hashchange', () => void takeCode()); // a link that is opened where the page is already
const root = document.getElementById('app')!;
root.replaceChildren();
render(<App />, root);
if (embedded) listenToHost();

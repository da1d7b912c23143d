// Light, dark, or as the reader's system has it; and the colours for what is drawn on canvases.
import { make } from './elements';

type Theme = 'auto' | 'light' | 'dark';

const listeners: (() => void)[] = [];
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

// Calls back whenever the colours have changed, also before and after printing.
export function onColoursChanged(listener: () => void): void {
  listeners.push(listener);
}

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function set(theme: Theme): void {
  document.documentElement.dataset.theme = theme !== 'auto' ? theme : systemIsDark.matches ? 'dark' : 'light';
  listeners.forEach((listener) => listener());
}

// The switch in the page's head. Paper is white: printing is light whatever the switch says.
export function themeSwitch(): HTMLElement {
  let chosen: Theme = 'auto';
  set(chosen);
  systemIsDark.addEventListener('change', () => set(chosen));
  addEventListener('beforeprint', () => set('light'));
  addEventListener('afterprint', () => set(chosen));
  const choice = (theme: Theme, title: string) =>
    make(
      'label',
      {},
      make('input', {
        type: 'radio',
        name: 'theme',
        value: theme,
        checked: theme === 'auto',
        change: () => {
          chosen = theme;
          set(theme);
        },
      }),
      make('span', {}, title),
    );
  return make(
    'fieldset',
    { class: 'switch' },
    make('legend', { class: 'spoken' }, 'Colours'),
    choice('auto', 'Auto'),
    choice('light', 'Light'),
    choice('dark', 'Dark'),
  );
}

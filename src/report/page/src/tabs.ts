// Tabs as the ARIA practices have them: one stop for Tab, arrows, Home and End inside; a panel is made when first shown.
import { make, type Child } from './elements';

export interface Tab {
  id: string;
  title: string;
  panel: () => Child;
}

export function tabs(label: string, all: Tab[], first: string): HTMLElement {
  const list = make('div', { class: 'tabs', role: 'tablist', 'aria-label': label });
  const buttons: HTMLButtonElement[] = [];
  const panels: HTMLElement[] = [];
  const made = new Set<number>();

  const choose = (chosen: number, focus: boolean): void => {
    buttons.forEach((button, at) => {
      button.setAttribute('aria-selected', String(at === chosen));
      button.tabIndex = at === chosen ? 0 : -1;
    });
    panels.forEach((panel, at) => {
      panel.hidden = at !== chosen;
    });
    if (!made.has(chosen)) {
      made.add(chosen);
      const content = all[chosen]?.panel();
      if (content instanceof Node) panels[chosen]?.append(content);
    }
    if (focus) buttons[chosen]?.focus();
  };

  all.forEach((tab, at) => {
    const button = make(
      'button',
      { type: 'button', role: 'tab', id: `tab-${tab.id}`, 'aria-controls': `panel-${tab.id}`, click: () => choose(at, false) },
      tab.title,
    );
    buttons.push(button);
    list.append(button);
    panels.push(make('div', { role: 'tabpanel', id: `panel-${tab.id}`, 'aria-labelledby': `tab-${tab.id}` }));
  });
  list.addEventListener('keydown', (event) => {
    const now = buttons.findIndex((button) => button.tabIndex === 0);
    const to: Record<string, number> = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: all.length - 1 };
    const wanted = to[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    choose((wanted + all.length) % all.length, true);
  });
  choose(
    Math.max(
      0,
      all.findIndex((tab) => tab.id === first),
    ),
    false,
  );
  return make('div', {}, list, ...panels);
}

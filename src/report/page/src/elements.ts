// Makes elements. Every string becomes a text node or an attribute, with what is invisible made visible: nothing that a
// log holds can become markup. (The page's
// Content-Security-Policy forbids what makes markup of texts besides.)
import { clipped, shortened, visible } from './foreign_text';

export type Child = Node | string | number | null | undefined | false;
type Attribute = string | number | boolean | null | undefined | ((event: never) => void);

// A tooltip or label of more is read by nobody.
const mostAttributeCharacters = 400;

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value as EventListener);
    else element.setAttribute(name, value === true ? '' : visible(shortened(String(value), mostAttributeCharacters)));
  }
  add(element, ...children);
  return element;
}

export function add(parent: Element, ...children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(typeof child === 'object' ? child : visible(String(child)));
  }
}

export function replace(parent: Element, ...children: Child[]): void {
  parent.textContent = '';
  add(parent, ...children);
}

// A section of the page.
export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return make('section', { id, 'aria-labelledby': `${id}-title` }, make('h2', { id: `${id}-title` }, title), ...children);
}

// What is made when it is first opened.
export function fold(title: string, open: () => Child): HTMLDetailsElement {
  const details = make('details', { class: 'fold' }, make('summary', {}, title));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) add(details, open());
  });
  return details;
}

// A text that may be very long: its beginning, and a button for the rest.
export function longText(text: string, className = '', most = 160): HTMLElement {
  const part = clipped(text, most);
  const whole = make('span', { class: className }, part.text);
  if (part.more === 0) return whole;
  const button = make(
    'button',
    {
      type: 'button',
      class: 'more',
      click: () => {
        replace(whole, text);
      },
    },
    `… ${part.more.toLocaleString('en-US')} more`,
  );
  add(whole, button);
  return whole;
}

// A text for assistive technology alone.
export const spoken = (text: string): HTMLElement => make('span', { class: 'spoken' }, text);

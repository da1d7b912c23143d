// The treemap AS → route → address: each level's boxes are buttons that zoom in, with what is in them indicated inside.
import { hierarchy, treemap, treemapSquarify, type HierarchyRectangularNode } from 'd3-hierarchy';
import { add, make, replace, section, spoken } from './elements';
import { count, percent, plural } from './format';
import { listedOnly } from './ban_counts';
import { treeOf, type Node } from './treemap_data';
import type { Report } from './document';

const states: Record<string, string> = { blocked: 'banned', partly: 'partly banned', open: 'not banned' };

class TreemapView {
  readonly element = make('div', { class: 'treemap-view' });
  private readonly path: Node[];
  private readonly crumbs = make('nav', { class: 'crumbs', 'aria-label': 'Where the treemap is' });
  private readonly boxes = make('div', { class: 'treemap', role: 'group' });

  constructor(root: Node) {
    this.path = [root];
    this.element.append(this.crumbs, this.boxes, legend());
    this.boxes.addEventListener('keydown', (event) => this.key(event));
    let width = 0;
    new ResizeObserver(() => {
      if (this.boxes.clientWidth === width) return;
      width = this.boxes.clientWidth;
      this.draw();
    }).observe(this.boxes);
  }

  private get node(): Node {
    return this.path[this.path.length - 1] as Node;
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.boxes;
    if (width === 0 || height === 0) return;
    // Two levels: what can be chosen, and what is in it.
    const shown = {
      ...this.node,
      children: this.node.children.map((child) => ({ ...child, children: child.children.map((inner) => ({ ...inner, children: [] })) })),
    };
    const tree = hierarchy<Node>(shown).sum((node) => (node.children.length === 0 ? node.hits : 0));
    const layout = treemap<Node>()
      .tile(treemapSquarify)
      .size([width, height])
      .paddingInner((node) => (node.depth === 0 ? 3 : 1))
      .paddingTop((node) => (node.depth === 1 ? 38 : 0))
      .paddingLeft((node) => (node.depth === 1 ? 4 : 0))
      .paddingRight((node) => (node.depth === 1 ? 4 : 0))
      .paddingBottom((node) => (node.depth === 1 ? 4 : 0))(tree);
    this.boxes.setAttribute('aria-label', `${this.node.name}: ${count(this.node.hits)} hits in ${this.node.children.length} parts`);
    replace(this.boxes, ...(layout.children ?? []).map((box, at) => this.box(box, layout, at)));
    this.drawCrumbs();
  }

  private box(box: HierarchyRectangularNode<Node>, layout: HierarchyRectangularNode<Node>, at: number): HTMLElement {
    const node = box.data;
    const whole = this.path[0]?.hits ?? 0;
    const open = this.node.children[at];
    const inside = open && open.children.length > 0;
    const state = node.blocked === null ? '' : states[node.blocked];
    const detail = node.label ? `${count(node.hits)} · ${node.label}` : count(node.hits);
    const share = percent(whole > 0 ? node.hits / whole : 0);
    const text = `${node.name}${node.label ? ` ${node.label}` : ''}: ${plural(node.hits, 'hit')}, ${share} of all${state ? `, ${state}` : ''}`;
    const [width, height] = [box.x1 - box.x0, box.y1 - box.y0];
    const button = make('button', {
      type: 'button',
      class: `box ${node.blocked ?? 'rest'}`,
      title: text,
      'aria-disabled': inside ? null : 'true',
      tabindex: at === 0 ? 0 : -1,
      click: () => {
        if (inside && open) this.enter(open);
      },
    });
    place(button, box, layout);
    add(button, spoken(inside ? `${text}. Zoom in` : text));
    if (width > 58 && height > 20) add(button, make('span', { class: 'name', 'aria-hidden': 'true' }, node.name));
    if (width > 60 && height > 36) add(button, make('span', { class: 'detail', 'aria-hidden': 'true' }, detail));
    if (width > 40 && height > 52) add(button, ...(box.children ?? []).map((child) => inner(child, box)));
    return button;
  }

  private enter(node: Node): void {
    this.path.push(node);
    this.draw();
    this.focusBox(0);
  }

  private leave(depth: number): void {
    const left = this.path[depth + 1];
    this.path.length = depth + 1;
    this.draw();
    this.focusBox(
      Math.max(
        0,
        this.node.children.findIndex((child) => child === left),
      ),
    );
  }

  // Arrows go through the boxes by size, Escape zooms out.
  private key(event: KeyboardEvent): void {
    const all = [...this.boxes.children] as HTMLElement[];
    const now = all.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = {
      ArrowRight: now + 1,
      ArrowDown: now + 1,
      ArrowLeft: now - 1,
      ArrowUp: now - 1,
      Home: 0,
      End: all.length - 1,
    };
    const wanted = to[event.key];
    if (wanted !== undefined) this.focusBox(Math.max(0, Math.min(all.length - 1, wanted)));
    else if ((event.key === 'Escape' || event.key === 'Backspace') && this.path.length > 1) this.leave(this.path.length - 2);
    else return;
    event.preventDefault();
  }

  private focusBox(at: number): void {
    const all = [...this.boxes.children] as HTMLElement[];
    all.forEach((box, i) => {
      box.tabIndex = i === at ? 0 : -1;
    });
    all[at]?.focus();
  }

  private drawCrumbs(): void {
    const crumbs = this.path.map((node, depth) => {
      const text = node.label ? `${node.name} ${node.label}` : node.name;
      if (depth === this.path.length - 1) return make('span', { 'aria-current': 'location' }, text);
      return make('button', { type: 'button', click: () => this.leave(depth) }, text);
    });
    replace(this.crumbs, ...crumbs, make('span', { class: 'count' }, `${count(this.node.hits)} hits`));
  }
}

// In parts of the whole, so that paper of another width holds it all.
function place(element: HTMLElement, box: HierarchyRectangularNode<Node>, within: HierarchyRectangularNode<Node>): void {
  const [width, height] = [within.x1 - within.x0, within.y1 - within.y0];
  const part = (value: number, whole: number) => `${whole > 0 ? (100 * Math.max(0, value)) / whole : 0}%`;
  element.style.left = part(box.x0 - within.x0, width);
  element.style.top = part(box.y0 - within.y0, height);
  element.style.width = part(box.x1 - box.x0, width);
  element.style.height = part(box.y1 - box.y0, height);
}

function inner(child: HierarchyRectangularNode<Node>, box: HierarchyRectangularNode<Node>): HTMLElement {
  const [width, height] = [child.x1 - child.x0, child.y1 - child.y0];
  const element = make(
    'span',
    { class: `inner ${child.data.blocked ?? 'rest'}`, 'aria-hidden': 'true' },
    width > 84 && height > 18 ? child.data.name : '',
  );
  place(element, child, box);
  return element;
}

function legend(): HTMLElement {
  const item = (state: string) =>
    make('span', { class: 'legend-item' }, make('span', { class: `swatch ${state}`, 'aria-hidden': 'true' }), states[state]);
  return make(
    'p',
    { class: 'legend-line' },
    item('blocked'),
    item('partly'),
    item('open'),
    make('span', { class: 'muted' }, 'Enter or click zooms in, Escape out.'),
  );
}

export function treemapSection(report: Report): HTMLElement | null {
  const root = treeOf(report);
  if (root.children.length === 0) return null;
  return section(
    'networks',
    'Networks',
    make('p', { class: 'lead' }, 'Hits by AS, route and address; the area is the number of hits. ', listedOnly(report, 'shown')),
    new TreemapView(root).element,
  );
}

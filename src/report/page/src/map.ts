// The map of the IPv4 space: a Hilbert curve on a canvas. A grid of 16 × 16 blocks can be gone through by pointer and by arrow
// keys, and entered: the space, a /8, a /16.
import { fold, make, replace, section } from './elements';
import { ipv4Text } from './address';
import { percent, plural } from './format';
import { pointOf, type Point } from './hilbert';
import { scopeClass, scopeName } from './scopes';
import { mapData, space, sumOf, type MapData, type Mark } from './map_data';
import { blockAt, blockSize, drawnScopes, grid, MapPainter, type View } from './map_painter';
import { onColoursChanged } from './theme';
import { Table } from './table';
import { listedOnly } from './ban_counts';
import type { Report } from './document';

const keys = 'Arrow keys move, Enter zooms in, Escape zooms out.';

class HilbertMap {
  readonly element = make('div', { class: 'map-view' });
  private readonly cursor = make('div', { class: 'map-cursor', 'aria-hidden': 'true' });
  private readonly tip = make('div', { class: 'map-tip', 'aria-hidden': 'true', hidden: true });
  private readonly frame: HTMLElement;
  private readonly painter: MapPainter;
  private readonly crumbs = make('nav', { class: 'crumbs', 'aria-label': 'Where the map is' });
  private readonly told = make('div', { class: 'map-told' });
  private readonly spoken = make('p', { class: 'spoken', 'aria-live': 'polite' });
  private view: View = { first: 0, bits: 0 };
  private at: Point;
  private looks = false;

  constructor(private readonly data: MapData) {
    this.painter = new MapPainter(make('canvas', { 'aria-hidden': 'true' }), data);
    this.at = this.busiest();
    this.frame = make(
      'div',
      {
        class: 'map',
        tabindex: 0,
        role: 'application',
        'aria-label': `Map of the IPv4 address space along a Hilbert curve, with hits and banned prefixes. ${keys} A table of its blocks follows.`,
        keydown: (event: KeyboardEvent) => this.key(event),
        pointermove: (event: PointerEvent) => this.point(event),
        pointerleave: () => {
          this.tip.hidden = true;
        },
        pointerdown: (event: PointerEvent) => {
          const before = this.at;
          this.point(event);
          // A finger does not hover: its first touch looks, its second enters.
          this.looks = event.pointerType === 'touch' && (before.x !== this.at.x || before.y !== this.at.y);
        },
        click: () => {
          if (!this.looks) this.enter();
        },
      },
      this.painter.canvas,
      this.cursor,
      this.tip,
    );
    const side = make('div', { class: 'map-side' }, this.crumbs, this.told, legend(data));
    this.element.append(this.frame, side, this.spoken);
    let width = 0;
    new ResizeObserver(() => {
      if (this.frame.clientWidth === width) return;
      width = this.frame.clientWidth;
      this.draw();
    }).observe(this.frame);
    onColoursChanged(() => this.draw());
  }

  // Where the cursor is at first: the block with the most hits.
  private busiest(): Point {
    const sums = new Map<number, number>();
    for (const mark of this.data.hits) {
      const block = Math.floor((mark.first - this.view.first) / blockSize(this.view));
      if (block >= 0 && block < grid * grid) sums.set(block, (sums.get(block) ?? 0) + mark.hits);
    }
    const best = [...sums].sort((a, b) => b[1] - a[1])[0];
    return pointOf(grid, best?.[0] ?? 0);
  }

  private draw(): void {
    this.tip.hidden = true;
    this.painter.paint(this.view, this.frame.clientWidth);
    this.showCursor();
    this.showCrumbs();
  }

  private point(event: MouseEvent): void {
    const box = this.frame.getBoundingClientRect();
    const cell = (at: number) => Math.max(0, Math.min(grid - 1, Math.floor((at / box.width) * grid)));
    this.move({ x: cell(event.clientX - box.left), y: cell(event.clientY - box.top) }, false);
    this.showTip(event.clientX - box.left, event.clientY - box.top, box.width);
  }

  private showTip(left: number, top: number, side: number): void {
    const found = this.painter.markAt(left / side, top / side);
    this.tip.hidden = found === undefined;
    if (!found) return;
    replace(this.tip, make('strong', { class: 'mono' }, found.text), ` ${describe(found)}`);
    this.tip.style.left = `${Math.min(left + 14, side - Math.min(240, side / 2))}px`;
    this.tip.style.top = `${top + 16}px`;
  }

  private move(to: Point, speak: boolean): void {
    if (to.x < 0 || to.y < 0 || to.x >= grid || to.y >= grid) return;
    const moved = to.x !== this.at.x || to.y !== this.at.y;
    this.at = to;
    if (moved) this.showCursor();
    if (speak) replace(this.spoken, this.told.textContent);
  }

  private key(event: KeyboardEvent): void {
    const { x, y } = this.at;
    const to: Record<string, Point> = {
      ArrowLeft: { x: x - 1, y },
      ArrowRight: { x: x + 1, y },
      ArrowUp: { x, y: y - 1 },
      ArrowDown: { x, y: y + 1 },
    };
    const wanted = to[event.key];
    if (wanted) this.move(wanted, true);
    else if (event.key === 'Enter' || event.key === ' ') this.enter();
    else if ((event.key === 'Escape' || event.key === 'Backspace') && this.view.bits > 0) this.show(this.view.bits - 8);
    else return;
    event.preventDefault();
  }

  private enter(): void {
    if (this.view.bits >= 16) return;
    this.view = { first: blockAt(this.view, this.at), bits: this.view.bits + 8 };
    this.at = this.busiest();
    this.draw();
  }

  // Out to a wider view, the cursor on the block that was left.
  private show(bits: number): void {
    const size = space / 2 ** bits;
    const left = this.view.first;
    this.view = { first: Math.floor(left / size) * size, bits };
    this.at = pointOf(grid, Math.floor((left - this.view.first) / blockSize(this.view)));
    this.draw();
  }

  private showCrumbs(): void {
    const name = (bits: number) =>
      bits === 0 ? 'IPv4' : `${ipv4Text(Math.floor(this.view.first / 2 ** (32 - bits)) * 2 ** (32 - bits))}/${bits}`;
    const crumbs = [0, 8, 16]
      .filter((bits) => bits <= this.view.bits)
      .map((bits) => {
        if (bits === this.view.bits) return make('span', { 'aria-current': 'location' }, name(bits));
        return make('button', { type: 'button', click: () => this.show(bits) }, name(bits));
      });
    replace(this.crumbs, ...crumbs);
  }

  private showCursor(): void {
    this.cursor.style.left = `${(this.at.x / grid) * 100}%`;
    this.cursor.style.top = `${(this.at.y / grid) * 100}%`;
    const sum = sumOf(this.data, blockAt(this.view, this.at), blockSize(this.view));
    const bans =
      sum.bans === 0 ? 'nothing banned' : `${plural(sum.bans, 'banned prefix', 'banned prefixes')}, ${percent(sum.banned)} of it`;
    const line = (mark: Mark) =>
      make(
        'li',
        {},
        mark.scope
          ? make('span', { class: `swatch ${scopeClass(mark.scope)}`, 'aria-hidden': 'true' })
          : make('span', { class: 'swatch hit', 'aria-hidden': 'true' }),
        make('span', { class: 'mono' }, mark.text),
        ` ${describe(mark)} `,
      );
    replace(
      this.told,
      make('h3', {}, `${ipv4Text(blockAt(this.view, this.at))}/${this.view.bits + 8} `),
      make(
        'p',
        {},
        sum.hits === 0 && sum.bans === 0
          ? 'Nothing here. '
          : `${plural(sum.hits, 'hit')} from ${plural(sum.offenders, 'place')}; ${bans}. `,
      ),
      make('ul', {}, ...sum.top.map(line)),
    );
  }
}

function describe(mark: Mark): string {
  return `${mark.label ? `${mark.label} · ` : ''}${mark.scope ? `banned (${scopeName(mark.scope)})` : plural(mark.hits, 'hit')}`;
}

function legend(data: MapData): HTMLElement {
  const item = (className: string, text: string) =>
    make('span', { class: 'legend-item' }, make('span', { class: `swatch ${className}`, 'aria-hidden': 'true' }), text);
  const used = drawnScopes.filter((scope) => data.bans.some((mark) => mark.scope === scope));
  return make(
    'p',
    { class: 'legend-line' },
    item('hit', 'hits'),
    ...used.reverse().map((scope) => item(`scope-${scope}`, `banned ${scopeName(scope)}`)),
    item('special', 'special purpose'),
  );
}

function blockTable(data: MapData): HTMLElement {
  const size = 2 ** 24;
  const rows = Array.from({ length: 256 }, (_, block) => ({ block, ...sumOf(data, block * size, size) })).filter(
    (row) => row.hits > 0 || row.bans > 0,
  );
  return new Table({
    caption: 'Blocks of the IPv4 space with hits or bans',
    rows,
    sortBy: 1,
    columns: [
      { title: 'Block', value: (row) => row.block, cell: (row) => `${row.block}.0.0.0/8` },
      { title: 'Hits', number: true, value: (row) => row.hits },
      {
        title: 'Places',
        number: true,
        value: (row) => row.offenders,
        hint: 'Addresses with hits, and routes of which no single address is known',
      },
      { title: 'Banned prefixes', number: true, value: (row) => row.bans },
      { title: 'Banned', number: true, value: (row) => row.banned, cell: (row) => percent(row.banned) },
    ],
  }).element;
}

export function mapSection(report: Report): HTMLElement | null {
  const data = mapData(report);
  if (data.hits.length === 0 && data.bans.length === 0) return null;
  const beside = [
    data.beside.bans > 0 || data.beside.hits > 0
      ? `IPv6 has no place here: ${plural(data.beside.hits, 'address', 'addresses')} with hits, ${plural(data.beside.bans, 'banned prefix', 'banned prefixes')}.`
      : '',
    data.leftOut > 0 ? `${plural(data.leftOut, 'banned prefix', 'banned prefixes')} more than can be drawn.` : '',
    listedOnly(report, 'shown'),
  ].filter(Boolean);
  return section(
    'map',
    'IPv4 map',
    make(
      'p',
      { class: 'lead' },
      'All IPv4 addresses along a Hilbert curve: neighbours stay together, each square is a block of 256 smaller ones. Click, or press Enter, to zoom in. ',
      beside.join(' '),
    ),
    new HilbertMap(data).element,
    fold('As a table', () => blockTable(data)),
  );
}

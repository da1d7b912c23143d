// Draws a part of the IPv4 space along a Hilbert curve on a canvas, and knows what it drew where.
import { indexOf, pointOf, squaresOf } from './hilbert';
import { space, specialBlocks, type MapData, type Mark } from './map_data';
import { scopesByWidth } from './scopes';
import { colour } from './theme';

// Blocks along a side of the grid that is laid over the curve.
export const grid = 16;
// Cells of the curve along a side: fine enough for a pixel each.
const cells = 512;
// The wider ones first: narrower ones in them are drawn over them.
export const drawnScopes = scopesByWidth;

// The addresses from `first` on, all that have their first `bits` bits.
export interface View {
  first: number;
  bits: number;
}

export const viewSize = (view: View): number => space / 2 ** view.bits;
export const blockSize = (view: View): number => viewSize(view) / (grid * grid);
// First address of the block at a place of the grid.
export const blockAt = (view: View, place: { x: number; y: number }): number => view.first + indexOf(grid, place) * blockSize(view);

const scopeOf = (mark: Mark): string => (drawnScopes.includes(mark.scope) ? mark.scope : 'address');

// A square on the canvas, in cells.
interface Drawn {
  x: number;
  y: number;
  side: number;
  mark: Mark;
}

export class MapPainter {
  readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D | null;
  private view: View = { first: 0, bits: 0 };
  // Width of a pixel, in cells.
  private pixel = 1;
  private drawn: Drawn[] = [];

  constructor(
    canvas: HTMLCanvasElement,
    private readonly data: MapData,
  ) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
  }

  // Onto a canvas that is `side` pixels wide and high.
  paint(view: View, side: number): void {
    const { context } = this;
    if (!context || side === 0) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = side * scale;
    this.canvas.height = side * scale;
    context.scale((side * scale) / cells, (side * scale) / cells);
    this.view = view;
    this.pixel = cells / side;
    context.fillStyle = colour('map');
    context.fillRect(0, 0, cells, cells);
    context.fillStyle = colour('map-special');
    for (const [first, size] of specialBlocks) this.mark(context, { first, size, hits: 0, scope: '', text: '', label: '' }, 0);
    this.drawn = [];
    // Areas at the bottom, then hits, and banned dots over the hits that they answer.
    const dot = 4 * this.pixel ** 2 * (viewSize(view) / cells ** 2);
    this.bans(context, (mark) => mark.size > dot);
    context.fillStyle = colour('map-hit');
    for (const mark of this.data.hits) this.mark(context, mark, mark.hits >= 1000 ? 4 : mark.hits >= 30 ? 3 : 2);
    this.bans(context, (mark) => mark.size <= dot);
    this.grid(context);
    if (side >= 380) this.numbers(context);
  }

  // What lies at a place, in parts of the canvas's side, or nearly so; of several the smallest.
  markAt(left: number, top: number): Mark | undefined {
    const near = 4 * this.pixel;
    const [x, y] = [left * cells, top * cells];
    const isNear = (one: Drawn) => x >= one.x - near && y >= one.y - near && x <= one.x + one.side + near && y <= one.y + one.side + near;
    return this.drawn.filter(isNear).sort((a, b) => a.side - b.side || b.mark.hits - a.mark.hits)[0]?.mark;
  }

  private bans(context: CanvasRenderingContext2D, chosen: (mark: Mark) => boolean): void {
    const bans = this.data.bans.filter(chosen);
    for (const scope of drawnScopes) {
      context.fillStyle = colour(`ban-${scope}`);
      for (const mark of bans) if (scopeOf(mark) === scope) this.mark(context, mark, scope === 'address' ? 3 : 4);
    }
  }

  // The part of a mark that lies in the view; a small one as a dot of at least so many pixels. Hits of a whole route are a dot,
  // too: nobody knows where in it they are.
  private mark(context: CanvasRenderingContext2D, mark: Mark, pixels: number): void {
    const begin = this.view.first;
    const first = Math.max(mark.first, begin);
    const end = Math.min(mark.first + mark.size, begin + viewSize(this.view));
    if (first >= end) return;
    const least = pixels * this.pixel;
    const perCell = viewSize(this.view) / cells ** 2;
    const size = (end - first) / perCell;
    const index = Math.floor((first - begin) / perCell);
    if (size < 1 || mark.hits > 0) {
      const middle = pointOf(cells, Math.min(cells ** 2 - 1, index + Math.floor(size / 2)));
      const dot = Math.max(1, least);
      this.square(context, mark, middle.x + 0.5 - dot / 2, middle.y + 0.5 - dot / 2, dot);
      return;
    }
    for (const square of squaresOf(cells, index, size)) {
      const grow = Math.max(0, least - square.side) / 2;
      this.square(context, mark, square.x - grow, square.y - grow, square.side + 2 * grow);
    }
  }

  private square(context: CanvasRenderingContext2D, mark: Mark, x: number, y: number, side: number): void {
    context.fillRect(x, y, side, side);
    this.drawn.push({ x, y, side, mark });
  }

  private grid(context: CanvasRenderingContext2D): void {
    const block = cells / grid;
    context.strokeStyle = colour('map-grid');
    context.lineWidth = this.pixel;
    context.beginPath();
    for (let line = 1; line < grid; line += 1) {
      context.moveTo(line * block, 0);
      context.lineTo(line * block, cells);
      context.moveTo(0, line * block);
      context.lineTo(cells, line * block);
    }
    context.stroke();
  }

  private numbers(context: CanvasRenderingContext2D): void {
    const block = cells / grid;
    context.fillStyle = colour('map-text');
    context.font = `${9.5 * this.pixel}px system-ui, sans-serif`;
    for (let index = 0; index < grid * grid; index += 1) {
      const point = pointOf(grid, index);
      const text = `${this.view.bits > 0 ? '.' : ''}${index}`;
      context.fillText(text, point.x * block + 3 * this.pixel, point.y * block + 11 * this.pixel);
    }
  }
}

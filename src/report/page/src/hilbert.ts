// The Hilbert curve: a line of addresses laid into a square so that neighbours stay neighbours and each prefix of even length
// is a square. Addresses and cells are numbers (below 2^53), for IPv4.

export interface Point {
  x: number;
  y: number;
}
export interface Square extends Point {
  side: number;
}

// The cell with number `index` on the curve of a grid of `side` × `side` cells; side is a power of two. Cell 0 is at the top
// left, the last one at the top right. A cell of a finer grid lies inside of its cell of a coarser one.
export function pointOf(side: number, index: number): Point {
  let x = 0;
  let y = 0;
  let rest = index;
  for (let size = 1; size < side; size *= 2) {
    const right = Math.floor(rest / 2) % 2;
    const down = (rest % 2) ^ right;
    [x, y] = turned(size, x, y, right, down);
    x += size * right;
    y += size * down;
    rest = Math.floor(rest / 4);
  }
  return { x, y };
}

export function indexOf(side: number, point: Point): number {
  let { x, y } = point;
  let index = 0;
  for (let size = side / 2; size >= 1; size /= 2) {
    const right = (Math.floor(x / size) % 2) as 0 | 1;
    const down = (Math.floor(y / size) % 2) as 0 | 1;
    index += size * size * ((3 * right) ^ down);
    [x, y] = turned(size, x % size, y % size, right, down);
  }
  return index;
}

function turned(size: number, x: number, y: number, right: number, down: number): [number, number] {
  if (down === 1) return [x, y];
  if (right === 1) return [size - 1 - y, size - 1 - x];
  return [y, x];
}

// The squares that a run of cells makes, in a grid of `side` cells: `first` is a multiple of `count`, count a power of two. One
// square for powers of four, two beside each other otherwise.
export function squaresOf(side: number, first: number, count: number): Square[] {
  const exponent = Math.round(Math.log2(count));
  if (exponent % 2 === 1) return [...squaresOf(side, first, count / 2), ...squaresOf(side, first + count / 2, count / 2)];
  const length = 2 ** (exponent / 2);
  const corner = pointOf(side / length, Math.floor(first / count));
  return [{ x: corner.x * length, y: corner.y * length, side: length }];
}

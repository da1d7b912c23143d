import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexOf, pointOf, squaresOf } from 'page/hilbert';

const sides = [1, 2, 4, 8, 16, 32];

test('each cell has one place, and each place its cell', () => {
  for (const side of sides) {
    const seen = new Set<string>();
    for (let index = 0; index < side * side; index += 1) {
      const point = pointOf(side, index);
      seen.add(`${point.x},${point.y}`);
      assert.equal(indexOf(side, point), index);
    }
    assert.equal(seen.size, side * side);
  }
});

test('the curve never jumps, from the top left to the top right', () => {
  for (const side of sides) {
    for (let index = 1; index < side * side; index += 1) {
      const [a, b] = [pointOf(side, index - 1), pointOf(side, index)];
      assert.equal(Math.abs(a.x - b.x) + Math.abs(a.y - b.y), 1, `${side}: ${index}`);
    }
    assert.deepEqual(pointOf(side, 0), { x: 0, y: 0 });
    assert.deepEqual(pointOf(side, side * side - 1), { x: side - 1, y: 0 });
  }
});

test('a cell of a finer grid lies in its cell of a coarser one', () => {
  for (let index = 0; index < 64 * 64; index += 1) {
    const [fine, coarse] = [pointOf(64, index), pointOf(16, Math.floor(index / 16))];
    assert.deepEqual({ x: Math.floor(fine.x / 4), y: Math.floor(fine.y / 4) }, coarse);
  }
});

test('the squares of a prefix are exactly its cells', () => {
  for (const count of [1, 2, 4, 8, 16, 32, 64]) {
    for (let first = 0; first < 256; first += count) {
      const inside = new Set<number>();
      for (const square of squaresOf(16, first, count)) {
        for (let x = square.x; x < square.x + square.side; x += 1) {
          for (let y = square.y; y < square.y + square.side; y += 1) inside.add(indexOf(16, { x, y }));
        }
      }
      const expected = Array.from({ length: count }, (_, at) => first + at);
      assert.deepEqual(
        [...inside].sort((a, b) => a - b),
        expected,
      );
    }
  }
});

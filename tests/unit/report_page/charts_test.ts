import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapData, space, sumOf } from 'page/map_data';
import { binned, mostSeries, seriesOf, stacked } from 'page/timeline_data';
import { treeOf } from 'page/treemap_data';

const timeline = {
  step_seconds: 60,
  begin: '2026-02-25T00:00:00Z',
  classes: ['a', 'b'],
  counts: [
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
    [5, 50],
  ],
};

test('bins hold every hit and every ban once', () => {
  const series = seriesOf(timeline);
  assert.deepEqual(
    series.map((one) => [one.name, one.total]),
    [
      ['b', 150],
      ['a', 15],
    ],
  );
  const decisions = [
    { target: '192.0.2.1', scope: 'address', at: '2026-02-25T00:02:59Z' },
    { target: '192.0.2.2', scope: 'address', at: '2026-02-26T00:00:00Z' },
  ];
  const bins = binned(timeline, series, decisions, { from: 0, to: 5 }, 3);
  assert.deepEqual(bins.series, [
    [30, 70, 50],
    [3, 7, 5],
  ]);
  assert.deepEqual([bins.step, bins.bans], [120, [0, 1, 0]]);
  assert.deepEqual(stacked(bins.series, new Set()), [
    [30, 70, 50],
    [33, 77, 55],
  ]);
  assert.deepEqual(stacked(bins.series, new Set([0])), [
    [0, 0, 0],
    [3, 7, 5],
  ]);
  assert.deepEqual(binned(timeline, series, [], { from: 3, to: 5 }, 100).series, [
    [40, 50],
    [4, 5],
  ]);
});

test('more classes than colours: the rarest are one', () => {
  const classes = Array.from({ length: mostSeries + 5 }, (_, at) => `class ${at}`);
  const series = seriesOf({ ...timeline, classes, counts: [classes.map((_, at) => at + 1)] });
  assert.equal(series.length, mostSeries);
  assert.equal(series[mostSeries - 1]?.name, '6 other classes');
  assert.equal(
    series.reduce((sum, one) => sum + one.total, 0),
    (12 * 13) / 2,
  );
});

const report = {
  hits: 100,
  by: 'address',
  top: {
    address: [
      { key: '192.0.2.1', hits: 30, route: '192.0.2.0/24', asn: 'AS64500' },
      { key: '2001:db8::1', hits: 5, route: '2001:db8::/32', asn: 'AS64500' },
    ],
    route: [
      { key: '192.0.2.0/24', hits: 50, asn: 'AS64500' },
      { key: '203.0.113.0/24', hits: 20, asn: 'AS64501' },
    ],
    asn: [
      { key: 'AS64500', label: 'Example', hits: 55 },
      { key: 'AS64501', hits: 20 },
    ],
  },
  decisions: [
    { target: '192.0.2.1', scope: 'address', prefixes: ['192.0.2.1/32'] },
    { target: '203.0.113.0/24', scope: 'route', prefixes: ['203.0.113.0/24', '2001:db8:1::/48'] },
  ],
};

test('the map counts what addresses do not tell of their routes', () => {
  const data = mapData(report);
  assert.deepEqual(
    data.hits.map((mark) => [mark.text, mark.hits]),
    [
      ['192.0.2.1', 30],
      ['192.0.2.0/24', 20],
      ['203.0.113.0/24', 20],
    ],
  );
  assert.deepEqual(data.beside, { bans: 1, hits: 1 });
  assert.equal(sumOf(data, 0, space).hits, 70);
  const block = sumOf(data, 203 * 2 ** 24, 2 ** 24);
  assert.deepEqual([block.hits, block.bans, block.banned], [20, 1, 256 / 2 ** 24]);
  assert.equal(sumOf(data, 203 * 2 ** 24 + 113 * 2 ** 8, 256).banned, 1);
});

test('the map has each banned prefix once, and what lies in another counts there', () => {
  const renewed = { target: '192.0.2.7', scope: 'address', prefixes: ['192.0.2.7/32'] };
  const data = mapData({
    decisions: [
      renewed,
      { target: '192.0.2.0/25', scope: 'route', prefixes: ['192.0.2.0/25', '2001:db8::/32'] },
      renewed,
      { ...renewed, prefixes: ['192.0.2.7'] },
      { target: 'AS64500', scope: 'asn', prefixes: ['192.0.2.0/25', '198.51.100.0/24', '2001:db8::/32'] },
    ],
  });
  assert.deepEqual(
    data.bans.map((mark) => [mark.text, mark.scope, mark.inside]),
    [
      ['198.51.100.0/24', 'asn', false],
      ['192.0.2.0/25', 'asn', false],
      ['192.0.2.7/32', 'address', true],
    ],
  );
  assert.equal(data.beside.bans, 1);
  const block = sumOf(data, 192 * 2 ** 24 + 2 * 2 ** 8, 256);
  assert.deepEqual([block.bans, block.banned, block.top.map((mark) => mark.text)], [2, 0.5, ['192.0.2.0/25', '192.0.2.7/32']]);
  assert.equal(sumOf(data, 192 * 2 ** 24 + 2 * 2 ** 8, 64).banned, 1);
});

test('the tree has all hits, and says what bans cover', () => {
  const tree = treeOf(report);
  assert.deepEqual(
    tree.children.map((node) => [node.name, node.hits, node.blocked]),
    [
      ['AS64500', 55, 'partly'],
      ['others', 25, null],
      ['AS64501', 20, 'partly'],
    ].sort((a, b) => (a[0] === 'others' ? 1 : b[0] === 'others' ? -1 : 0)),
  );
  const [route, others] = tree.children[0]?.children ?? [];
  assert.deepEqual([route?.name, route?.hits, route?.blocked], ['192.0.2.0/24', 50, 'partly']);
  assert.deepEqual([others?.name, others?.hits], ['others', 5]);
  const names = (route?.children ?? []).map((node) => [node.name, node.hits, node.blocked]);
  assert.deepEqual(names, [
    ['192.0.2.1', 30, 'blocked'],
    ['others', 20, null],
  ]);
});

test('an AS or a route is banned by a ban of it, not by bans of what is listed in it', () => {
  const top = {
    address: [
      { key: '192.0.2.1', hits: 10, route: '192.0.2.0/25', asn: 'AS64500' },
      { key: '198.51.100.1', hits: 5, route: '198.51.100.0/25', asn: 'AS64501' },
    ],
    route: [
      { key: '192.0.2.0/25', hits: 10, asn: 'AS64500' },
      { key: '198.51.100.0/25', hits: 5, asn: 'AS64501' },
    ],
    asn: [
      { key: 'AS64500', hits: 10 },
      { key: 'AS64501', hits: 5 },
    ],
  };
  const states = (decisions: { target: string; scope: string; asn?: string; prefixes: string[] }[]) =>
    treeOf({ hits: 15, top, decisions }).children.map((node) => [node.blocked, node.children[0]?.blocked, node.children[0]?.children[0]?.blocked]);
  const address = { target: '192.0.2.1', scope: 'address', asn: 'AS64500', prefixes: ['192.0.2.1/32'] };
  const route = { target: '192.0.2.0/24', scope: 'route', prefixes: ['192.0.2.0/24'] };
  const whole = { target: 'AS64501', scope: 'asn', asn: 'AS64501', prefixes: ['198.51.100.0/24'] };
  assert.deepEqual(states([address]), [
    ['partly', 'partly', 'blocked'],
    ['open', 'open', 'open'],
  ]);
  assert.deepEqual(states([route, whole]), [
    ['partly', 'blocked', 'blocked'],
    ['blocked', 'blocked', 'blocked'],
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoverIndex, ipv4Text, parsePrefix, placeKey } from 'page/address';

test('addresses and prefixes are read, anything else is not', () => {
  assert.deepEqual(parsePrefix('192.0.2.7'), { family: 4, start: 0xc0000207n, length: 32 });
  assert.deepEqual(parsePrefix('198.51.100.200/25'), { family: 4, start: 0xc6336480n, length: 25 });
  assert.deepEqual(parsePrefix('0.0.0.0/0'), { family: 4, start: 0n, length: 0 });
  assert.deepEqual(parsePrefix('2001:db8::1'), { family: 6, start: 0x20010db8000000000000000000000001n, length: 128 });
  assert.deepEqual(parsePrefix('2001:db8:ffff::/32'), { family: 6, start: 0x20010db8000000000000000000000000n, length: 32 });
  assert.deepEqual(parsePrefix('::'), { family: 6, start: 0n, length: 128 });
  for (const text of [
    '',
    'AS64500',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.1/33',
    '192.0.2.1/',
    '1.2.3.4.5',
    '2001:db8',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '::/129',
    ':::',
    '2001:db8::g',
    '192.0.2.-1',
    '<b>',
  ]) {
    assert.equal(parsePrefix(text), null, text);
  }
});

test('places sort by number, and before what is no place', () => {
  const texts = ['zzz', '2001:db8::10', '203.0.113.1', '192.0.2.10', '192.0.2.9', '2001:db8::9', '192.0.2.0/24'];
  const sorted = [...texts].sort((a, b) => (placeKey(a) < placeKey(b) ? -1 : 1));
  assert.deepEqual(sorted, ['192.0.2.0/24', '192.0.2.9', '192.0.2.10', '203.0.113.1', '2001:db8::9', '2001:db8::10', 'zzz']);
});

test('the widest decision that covers a place whole is found', () => {
  const [address, route, wide] = [
    { target: '192.0.2.9', scope: 'address' },
    { target: '192.0.2.0/25', scope: 'route' },
    { target: 'AS64500', scope: 'asn', prefixes: ['192.0.2.0/24', '2001:db8::/32'] },
  ];
  const few = new CoverIndex([address, route]);
  assert.equal(few.find('192.0.2.9'), route);
  assert.equal(few.find('192.0.2.0/24'), undefined);
  assert.equal(few.find('192.0.2.128'), undefined);
  assert.equal(few.find('AS64500'), undefined);
  const all = new CoverIndex([address, route, wide]);
  assert.equal(all.find('192.0.2.9'), wide);
  assert.equal(all.find('192.0.2.200'), wide);
  assert.equal(all.find('2001:db8:1::/48'), wide);
  assert.equal(all.find('2001:db9::'), undefined);
});

test('numbers are written as addresses', () => {
  assert.equal(ipv4Text(0), '0.0.0.0');
  assert.equal(ipv4Text(0xcb007107), '203.0.113.7');
  assert.equal(ipv4Text(2 ** 32 - 1), '255.255.255.255');
});

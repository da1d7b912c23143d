import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bansNote, coveredSize, coveredText, listedOnly, listNote, turnedAwayText } from 'page/ban_counts';

// 58 bans, of which the document lists so many.
const listing = (listed: number, more: object = {}) => ({
  decisions: Array.from({ length: listed }, (_, at) => ({ target: `192.0.2.${at}`, scope: 'address' })),
  decisions_total: 58,
  balance: {
    total: { decisions: 58 },
    scopes: [
      { scope: 'address', decisions: 50 },
      { scope: 'route', decisions: 7 },
      { scope: 'asn', decisions: 1 },
      { scope: 'country', decisions: 0 },
    ],
  },
  ...more,
});
const filtered = (fitting: number, listed = fitting) => listing(listed, { filters: { asn: 'AS64500', rule: null }, decisions_fitting: fitting });

test('the scopes under the number of all bans are those of all bans', () => {
  assert.equal(bansNote(listing(58)), 'would have been made: 50 addresses, 7 routes, 1 AS');
  assert.equal(bansNote(listing(4)), 'would have been made: 50 addresses, 7 routes, 1 AS');
  assert.equal(bansNote(listing(4, { live: true })), '50 addresses, 7 routes, 1 AS');
  const whole = 'would have been made in the whole log: 50 addresses, 7 routes, 1 AS';
  assert.equal(bansNote(filtered(4)), `${whole}; 4 of them fit the filters`);
  assert.equal(bansNote(filtered(1)), `${whole}; 1 of them fits the filters`);
  assert.equal(bansNote(filtered(0)), `${whole}; none of them fits the filters`);
  assert.equal(bansNote({}), '');
  // A document without a balance: its list tells the scopes if it has all.
  assert.equal(bansNote(listing(58, { balance: undefined })), 'would have been made: 58 addresses');
  assert.equal(bansNote(listing(4, { balance: undefined })), 'would have been made');
});

test('a list of some bans says which ones', () => {
  assert.equal(listNote(listing(58)), '');
  assert.equal(listNote(listing(4)), '4 of 58: those that stopped most.');
  assert.equal(listNote(filtered(4)), 'Of 58 bans in the whole log 4 fit the filters.');
  assert.equal(listNote(filtered(1)), 'Of 58 bans in the whole log 1 fits the filters.');
  assert.equal(listNote(filtered(40, 10)), 'Of 58 bans in the whole log 40 fit the filters; here are the 10 of them that stopped most.');
});

test('what counts the listed bans says so', () => {
  assert.equal(listedOnly(listing(58), 'counted'), '');
  assert.equal(listedOnly(listing(4), 'counted'), 'Of 58 bans only the 4 in the list of bans are counted here.');
  assert.equal(listedOnly(filtered(1), 'shown'), 'Of 58 bans only the one in the list of bans is shown here.');
  assert.equal(listedOnly(filtered(0), 'shown'), 'Of 58 bans none is shown here: none fits the filters.');
});

test('what bans cover: addresses, IPv6 networks, or both', () => {
  assert.equal(coveredText({ addresses_covered: 256, ipv6_64s_covered: 3 }), '256 + 3 /64');
  assert.equal(coveredText({ addresses_covered: 0, ipv6_64s_covered: 65536 }), '65,536 /64');
  assert.equal(coveredText({ addresses_covered: 1256, ipv6_64s_covered: 0 }), '1,256');
  // Older documents have no IPv6 networks.
  assert.equal(coveredText({ addresses_covered: 256 }), '256');
  assert.equal(coveredText({}), '–');
  assert.deepEqual([coveredSize({ addresses_covered: 256, ipv6_64s_covered: 3 }), coveredSize({ addresses_covered: 2 }), coveredSize({})], [259, 2, null]);
});

test('who is turned away are clients, and not each time they come', () => {
  assert.equal(turnedAwayText(83), '83 clients that proved good meanwhile');
  assert.equal(turnedAwayText(1), '1 client that proved good meanwhile');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipped, shortened, visible } from 'page/foreign_text';
import { bytes, count, duration, percent, time } from 'page/format';
import { problems, withoutProblems } from 'page/input_problems';

test('what cannot be seen is written as an escape', () => {
  const cases: [string, string][] = [
    ['\u001b[31m', '\\x1b[31m'],
    ['a\tb\nc\rd\u0000', 'a\\tb\\nc\\rd\\x00'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u2066\u2069\u200f\u200b\ufeff\u061c', '\\u2066\\u2069\\u200f\\u200b\\ufeff\\u061c'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800x', '\\ud800x'],
    ['\u009b\u00ad', '\\x9b\\xad'],
    ['</script> & "quotes" ünï 漢字 😀', '</script> & "quotes" ünï 漢字 😀'],
  ];
  for (const [text, expected] of cases) assert.equal(visible(text), expected);
});

test('texts are cut between characters', () => {
  assert.deepEqual(clipped('abc', 3), { text: 'abc', more: 0 });
  assert.deepEqual(clipped('abcd', 3), { text: 'abc', more: 1 });
  assert.deepEqual(clipped('ab😀', 3), { text: 'ab', more: 2 });
  assert.equal(shortened('abcd', 3), 'abc…');
  assert.equal(shortened('abc', 3), 'abc');
});

test('what nobody has counted of an input is not said to be none', () => {
  const read = { path: 'a.log', unread_lines: 0, out_of_order: 0, ahead: 0 };
  assert.deepEqual([problems(read), withoutProblems(read)], ['', 'none']);
  const followed = { path: 'a.log', unread_lines: null, out_of_order: null, ahead: null };
  assert.deepEqual([problems(followed), withoutProblems(followed)], ['', '–']);
  assert.equal(problems({ ...followed, overlong_lines: 1 }), '1 line longer than the limit: only the beginning was judged');
});

test('numbers and times are the same on every machine', () => {
  assert.equal(count(1234567), '1,234,567');
  assert.equal(count(undefined), '–');
  assert.equal(percent(0), '0\u00a0%');
  assert.equal(percent(0.0004), '<\u00a00.1\u00a0%');
  assert.equal(percent(0.123), '12.3\u00a0%');
  assert.equal(percent(0.9996), '>\u00a099.9\u00a0%');
  assert.equal(percent(1), '100\u00a0%');
  assert.equal(bytes(512), '512 B');
  assert.equal(bytes(1536), '1.50 KiB');
  assert.equal(bytes(734003200), '700 MiB');
  assert.equal(duration(90), '1 min 30 s');
  assert.equal(duration(86400), '1 d');
  assert.equal(duration(0), '0 s');
  assert.equal(time('2026-02-25T04:30:17Z'), '2026-02-25 04:30:17');
  assert.equal(time('2026-02-25T05:30:17+01:00'), '2026-02-25 04:30:17');
  assert.equal(time('no time'), 'no time');
});

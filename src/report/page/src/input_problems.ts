// What was wrong with an input, in words.
import { count, duration, plural } from './format';
import type { Input } from './document';

export function problems(input: Input): string {
  const unread = input.unread_lines ?? 0;
  const at = input.first_unread_line ? `, the first is line ${count(input.first_unread_line)}` : '';
  const older = input.out_of_order ?? 0;
  const ahead = input.ahead ?? 0;
  const overlong = input.overlong_lines ?? 0;
  return [
    input.error,
    unread > 0 ? `${plural(unread, 'line')} not read${at}` : '',
    overlong > 0 ? `${plural(overlong, 'line')} longer than the limit: only the beginning was judged` : '',
    older > 0 ? `${plural(older, 'line')} older than lines above, by up to ${duration(input.furthest_back_seconds ?? 0)}` : '',
    ahead > 0 ? `${plural(ahead, 'line')} stamped ahead of the clock: counted as written when the line above was` : '',
  ]
    .filter(Boolean)
    .join('; ');
}

// What stands where no problem is known: a running daemon does not count all of them for each input.
export const withoutProblems = (input: Input): string => (typeof input.unread_lines === 'number' ? 'none' : '–');

// How many bans which figure means: the document lists those alone that fit its filters, and of these at most so many that
// stopped most; the balance counts all. What counts or draws the listed ones says so.
import { count, plural } from './format';
import { shortened } from './foreign_text';
import { scopeName, scopeNames } from './scopes';
import { isEnforced, isFiltered, totalBalance, type Report } from './document';

const listedBans = (report: Report): number => report.decisions?.length ?? 0;
const allBans = (report: Report): number => totalBalance(report).decisions;
// Those that fit the filters; all where there are none.
const fittingBans = (report: Report): number =>
  isFiltered(report) ? (report.decisions_fitting ?? listedBans(report)) : allBans(report);

// "40 addresses, 4 routes" of all bans; "" where the document tells of a part of them only.
function byScope(report: Report): string {
  const numbers = new Map((report.balance?.scopes ?? []).map((row) => [row.scope, row.decisions ?? 0]));
  if (numbers.size === 0 && listedBans(report) === allBans(report))
    for (const { scope } of report.decisions ?? []) numbers.set(scope, (numbers.get(scope) ?? 0) + 1);
  return [...numbers]
    .filter(([, number]) => number > 0)
    .map(([scope, number]) => plural(number, shortened(scopeName(scope), 40), shortened(scopeNames(scope), 40)))
    .join(', ');
}

// Under the number of all bans: how wide they are, and with filters, that these are of the whole log and how many of them fit.
export function bansNote(report: Report): string {
  if (allBans(report) === 0) return '';
  const filtered = isFiltered(report);
  const made = [isEnforced(report) ? '' : 'would have been made', filtered ? 'in the whole log' : ''].filter(Boolean).join(' ');
  const whole = [made, byScope(report)].filter(Boolean).join(': ');
  if (!filtered) return whole;
  const fitting = fittingBans(report);
  return `${whole}; ${fitting === 0 ? 'none' : count(fitting)} of them ${fitting > 1 ? 'fit' : 'fits'} the filters`;
}

// Above the list of bans: which ones it has; "" where it has all.
export function listNote(report: Report): string {
  const [listed, fitting, all] = [listedBans(report), fittingBans(report), allBans(report)];
  if (isFiltered(report)) {
    const fit = `${count(fitting)} ${fitting === 1 ? 'fits' : 'fit'} the filters`;
    return `Of ${plural(all, 'ban')} in the whole log ${fit}${fitting > listed ? `; here are the ${count(listed)} of them that stopped most` : ''}.`;
  }
  return all > listed ? `${count(listed)} of ${count(all)}: those that stopped most.` : '';
}

// Beside what has only the listed bans in it ("shown", "counted"); "" where these are all.
export function listedOnly(report: Report, done: string): string {
  const [listed, all] = [listedBans(report), allBans(report)];
  if (all <= listed) return '';
  if (listed === 0) return `Of ${plural(all, 'ban')} none is ${done} here: none fits the filters.`;
  return `Of ${count(all)} bans only the ${listed === 1 ? 'one in the list of bans is' : `${count(listed)} in the list of bans are`} ${done} here.`;
}

interface Covered {
  addresses_covered?: number | null;
  ipv6_64s_covered?: number | null;
}

// "256 + 3 /64": IPv4 addresses and IPv6 /64 networks.
export function coveredText(row: Covered): string {
  const networks = row.ipv6_64s_covered ?? 0;
  if (networks === 0) return count(row.addresses_covered);
  const addresses = row.addresses_covered ?? 0;
  return `${addresses > 0 ? `${count(addresses)} + ` : ''}${count(networks)} /64`;
}

// What rows sort by: a /64 is what one client has, as an IPv4 address is.
export function coveredSize(row: Covered): number | null {
  if (row.addresses_covered === undefined && row.ipv6_64s_covered === undefined) return null;
  return (row.addresses_covered ?? 0) + (row.ipv6_64s_covered ?? 0);
}

// "1 client that proved good meanwhile": mostly by a login, while the ban was, or would have been, in force.
export const turnedAwayText = (clients: number): string => `${plural(clients, 'client')} that proved good meanwhile`;

// The bans: when, what, why, for how long, and what came of it.
import { fold, longText, make, section, type Child } from './elements';
import { asNumber, isEnforced, type Decision, type Report } from './document';
import { placeKey } from './address';
import { listNote, turnedAwayText } from './ban_counts';
import { count, duration, plural, seconds, time } from './format';
import { scopeClass, scopeName } from './scopes';
import { shortened } from './foreign_text';
import { ownerCell } from './owner_cell';
import { Table } from './table';

// A fold with more prefixes than a reader goes through tells how many more there are.
const mostPrefixes = 500;
const mostReasonCharacters = 400;

const begins = (decision: Decision): string | null | undefined => decision.at ?? decision.since;

function length(decision: Decision): number | null {
  if (decision.until === null) return Infinity;
  const [begin, end] = [seconds(begins(decision)), seconds(decision.until)];
  return begin === null || end === null ? null : end - begin;
}

function lengthText(decision: Decision): string {
  const value = length(decision);
  if (value === null) return '–';
  return value === Infinity ? 'permanent' : duration(value);
}

// Whom the ban would have cost: the first few.
function turnedAway(decision: Decision): string {
  const clients = decision.turned_away_clients ?? [];
  if (clients.length === 0) return '';
  const more = (decision.turned_away ?? 0) > clients.length ? ', …' : '';
  return ` (${clients.map((client) => shortened(client, 50)).join(', ')}${more})`;
}

function below(decision: Decision): Child {
  const prefixes = decision.prefixes ?? [];
  const [addresses, networks] = [decision.addresses_covered ?? 0, decision.ipv6_64s_covered ?? 0];
  const covered = [
    addresses > 0 ? plural(addresses, 'address', 'addresses') : '',
    networks > 0 ? plural(networks, 'IPv6 /64', 'IPv6 /64s') : '',
  ];
  const coveredText = covered.some(Boolean) ? `covers ${covered.filter(Boolean).join(' and ')}` : '';
  const turned = decision.turned_away ? `turned away: ${turnedAwayText(decision.turned_away)}${turnedAway(decision)}` : '';
  const when = make('span', { class: 'reason narrow' }, `${shortened(time(begins(decision)), 40)} UTC, for ${lengthText(decision)}`);
  const reason = make(
    'div',
    {},
    when,
    longText([decision.reason, coveredText, turned].filter(Boolean).join(' · '), 'reason', mostReasonCharacters),
  );
  if (prefixes.length < 2) return reason;
  const list = () => {
    const more = prefixes.length - mostPrefixes;
    return make(
      'p',
      { class: 'mono prefixes' },
      prefixes
        .slice(0, mostPrefixes)
        .map((prefix) => shortened(prefix, 50))
        .join(' '),
      more > 0 && make('span', { class: 'muted' }, ` and ${plural(more, 'more', 'more')}`),
    );
  };
  return make('div', {}, reason, fold(plural(prefixes.length, 'prefix', 'prefixes'), list));
}

export function decisionSection(report: Report): HTMLElement | null {
  const rows = report.decisions ?? [];
  if (rows.length === 0) return null;
  const table = new Table<Decision>({
    caption: 'List of bans',
    rows,
    sortBy: 0,
    ascending: true,
    page: 15,
    stacks: true,
    searched: (row) =>
      [
        row.target,
        row.scope,
        row.route,
        asNumber(row.asn),
        row.as_name,
        row.country,
        row.country_code,
        row.rule,
        row.reason,
        ...(row.prefixes ?? []).slice(0, mostPrefixes),
      ].join(' '),
    below,
    columns: [
      {
        title: 'At (UTC)',
        wide: true,
        value: (row) => begins(row),
        cell: (row) => make('span', { class: 'time' }, shortened(time(begins(row)), 40)),
      },
      {
        title: 'Target',
        value: (row) => placeKey(row.target),
        cell: (row) => longText(row.target, row.target.length < 50 ? 'mono target' : 'mono key'),
      },
      {
        title: 'Scope',
        value: (row) => row.scope,
        cell: (row) => make('span', { class: `scope ${scopeClass(row.scope)}` }, shortened(scopeName(row.scope), 40)),
      },
      { title: 'Network', wide: true, value: (row) => row.as_name ?? asNumber(row.asn), cell: ownerCell },
      { title: 'Rule', wide: true, value: (row) => row.rule, cell: (row) => longText(row.rule ?? '–', 'mono') },
      { title: 'For', number: true, wide: true, value: (row) => length(row), cell: lengthText },
      { title: 'Stopped', number: true, value: (row) => row.stopped, hint: 'Later lines with hits that the ban would have stopped' },
      {
        title: 'Good clients',
        number: true,
        value: (row) => row.good_clients,
        cell: (row) => make('span', { class: (row.good_clients ?? 0) > 0 ? 'cost' : '' }, count(row.good_clients)),
        hint: 'Clients inside of it that were known to be good when it began',
      },
    ],
  });
  const lead = make(
    'p',
    { class: 'lead' },
    [isEnforced(report) ? '' : 'What ipguard would have banned, at the times of the log.', listNote(report)].filter(Boolean).join(' '),
  );
  return section('bans', 'Bans', lead, table.element);
}

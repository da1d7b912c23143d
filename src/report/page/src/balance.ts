// The balance of the bans: what each step of the ladder and each rule would have stopped, and what it would have cost; and the
// same figures with other settings beside.
import { longText, make, section, type Child } from './elements';
import { shortened } from './foreign_text';
import { count, plural } from './format';
import { barred, Table, type Column } from './table';
import { scopeClass, scopeName } from './scopes';
import { coveredSize, coveredText } from './ban_counts';
import { isFiltered, type Balance, type BalanceRow, type Report } from './document';

function shared<Row extends BalanceRow>(rows: Row[]): Column<Row>[] {
  const most = rows.reduce((largest, row) => Math.max(largest, row.stopped ?? 0), 0);
  return [
    { title: 'Bans', number: true, value: (row) => row.decisions },
    {
      title: 'Stopped',
      number: true,
      value: (row) => row.stopped,
      cell: (row) => barred(row.stopped ?? 0, most, count(row.stopped)),
      hint: 'Later lines with hits from what was banned, while the ban would have been in force; a line under several bans counts in each row',
    },
    {
      title: 'Good clients',
      number: true,
      value: (row) => row.good_clients,
      cell: (row) => make('span', { class: (row.good_clients ?? 0) > 0 ? 'cost' : '' }, count(row.good_clients)),
      hint: 'Different clients inside of them that were known to be good when the bans began',
    },
    ...(rows.some((row) => row.turned_away !== undefined)
      ? [
          {
            title: 'Turned away',
            number: true,
            wide: true,
            value: (row: Row) => row.turned_away,
            cell: (row: Row) => make('span', { class: (row.turned_away ?? 0) > 0 ? 'cost' : '' }, count(row.turned_away)),
            hint: 'Different clients that proved good, mostly by a login, while a ban of theirs was, or would have been, in force',
          },
        ]
      : []),
    ...(rows.some((row) => coveredSize(row) !== null)
      ? [
          {
            title: 'Covered, added up',
            number: true,
            wide: true,
            value: coveredSize,
            cell: coveredText,
            hint: 'IPv4 addresses, and IPv6 networks of the size /64, that the bans covered: what several covered counts for each',
          },
        ]
      : []),
  ];
}

function whatIf(report: Report): Child {
  const what = report.what_if;
  if (!what?.before || !what.after) return null;
  const { before, after } = what;
  const row = (title: string, member: keyof Balance, better: 'more' | 'less' | 'neither') => {
    const [old, now] = [before[member] ?? 0, after[member] ?? 0];
    const change = now - old;
    const good = better === 'neither' || change === 0 ? '' : change > 0 === (better === 'more') ? 'gain' : 'cost';
    const text = change === 0 ? 'the same' : `${change > 0 ? '+' : '−'}${count(Math.abs(change))}`;
    const cell = (className: string, content: string) => make('td', { class: className, role: 'cell' }, content);
    return make(
      'tr',
      { role: 'row' },
      make('th', { class: 'first', scope: 'row', role: 'rowheader' }, title),
      cell('number', count(old)),
      cell('number', count(now)),
      cell(`number ${good}`, text),
    );
  };
  const titles = ['As is', 'What if', 'Change'].map((title) => make('th', { scope: 'col', role: 'columnheader', class: 'number' }, title));
  const table = make(
    'table',
    { class: 'stacks', role: 'table' },
    make('caption', { class: 'spoken' }, 'Bans with the configuration and with the other settings'),
    make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, make('td', { class: 'first', role: 'cell' }), ...titles)),
    make(
      'tbody',
      { role: 'rowgroup' },
      row('Bans', 'decisions', 'neither'),
      row('Stopped', 'stopped', 'more'),
      row('Good clients hit', 'good_clients', 'less'),
      before.turned_away !== undefined && row('Turned away', 'turned_away', 'less'),
    ),
  );
  table.style.setProperty('--beside', String(titles.length));
  return make(
    'div',
    { class: 'what-if' },
    make('h3', {}, 'What if'),
    make(
      'p',
      {},
      'With ',
      ...(what.settings ?? []).flatMap((setting, at) => [at > 0 ? ', ' : '', make('code', {}, shortened(setting))]),
      ' instead of what the configuration says:',
    ),
    table,
  );
}

export function balanceSection(report: Report): HTMLElement | null {
  const scopes = (report.balance?.scopes ?? []).filter((row) => (row.decisions ?? 0) > 0);
  const rules = report.balance?.rules ?? [];
  const other = whatIf(report);
  if (scopes.length === 0 && rules.length === 0 && !other) return null;
  const byScope = new Table({
    caption: 'Balance by scope',
    rows: scopes,
    stacks: true,
    columns: [
      {
        title: 'Scope',
        value: (row) => row.scope,
        cell: (row) => make('span', { class: `scope ${scopeClass(row.scope)}` }, shortened(scopeName(row.scope), 40)),
      },
      ...shared(scopes),
    ],
  });
  const byRule = new Table({
    caption: 'Balance by rule',
    rows: rules,
    sortBy: 3,
    page: 12,
    stacks: true,
    searched: (row) => row.rule,
    columns: [
      { title: 'Rule', value: (row) => row.rule, cell: (row) => longText(row.rule, 'mono') },
      { title: 'Hits', number: true, wide: true, value: (row) => row.hits },
      ...shared(rules),
    ],
  });
  const unused = rules.filter((rule) => (rule.hits ?? 0) > 0 && (rule.decisions ?? 0) === 0).length;
  return section(
    'balance',
    'Balance',
    make(
      'p',
      { class: 'lead' },
      'What was banned, what that stopped afterwards, and which good clients it would have cost.',
      isFiltered(report) && ' All of it is of the whole log.',
      (scopes.length > 0 || rules.length > 0) && ' A line under several bans counts in each row, and once in all.',
    ),
    other,
    scopes.length > 0 && make('h3', {}, 'By scope'),
    scopes.length > 0 && byScope.element,
    rules.length > 0 && make('h3', {}, 'By rule'),
    rules.length > 0 && byRule.element,
    unused > 0 && make('p', { class: 'after muted' }, `${plural(unused, 'rule')} had hits and led to no ban.`),
  );
}

// The top lists: attackers by address, route, AS and so on, one tab each.
import { longText, make, section, type Child } from './elements';
import { ownerCell } from './owner_cell';
import { asNumber, listBy, type Group, type Report } from './document';
import { placeKey } from './address';
import { clock, count, date, percent, seconds, time } from './format';
import { barred, Table, type Column } from './table';
import { tabs } from './tabs';

// In the order of the tabs. A Map: a list may have any name.
const titles = new Map([
  ['address', 'Addresses'],
  ['route', 'Routes'],
  ['asn', 'AS'],
  ['country', 'Countries'],
  ['class', 'Classes'],
  ['rule', 'Rules'],
  ['path', 'Paths'],
  ['user-agent', 'User agents'],
  ['user', 'User names'],
  ['hour', 'Hours'],
]);

// Addresses and their like are never broken; what claims to be one and is longer than any is.
const placeClass = (text: string): string => (text.length < 50 ? 'mono whole' : 'mono key');

// An hour of the day ("04"), or one of the log ("2026-02-25T04:00:00Z").
function hourText(key: string): string {
  if (/^\d\d$/.test(key)) return `${key}:00–${key}:59`;
  const at = seconds(key);
  return at === null ? key : `${date(at)} ${clock(at)}`;
}

function keyCell(by: string, row: Group): Child {
  if (row.key === '') return make('span', { class: 'absent' }, by === 'asn' ? 'no AS' : by === 'country' ? 'unknown' : '(empty)');
  const key = by === 'hour' ? hourText(row.key) : by === 'asn' ? asNumber(row.key) : row.key;
  const isPlace = by === 'address' || by === 'route';
  const text = longText(key, isPlace || by === 'asn' || by === 'hour' ? placeClass(key) : 'mono key');
  const label = isPlace ? [row.as_name ?? asNumber(row.asn), row.country_code ?? row.country].filter(Boolean).join(' · ') : row.label;
  if (!label || label === row.key) return text;
  // Where there is room, owners have a column of their own.
  return make('span', {}, text, longText(label, isPlace ? 'label narrow' : 'label'));
}

function ownColumns(by: string): Column<Group>[] {
  const isNetwork = by === 'address' || by === 'route';
  const columns: Column<Group>[] = [];
  if (by === 'address')
    columns.push({
      title: 'Route',
      wide: true,
      value: (row) => (row.route ? placeKey(row.route) : null),
      cell: (row) => longText(row.route ?? '–', placeClass(row.route ?? '')),
    });
  if (isNetwork) {
    columns.push({
      title: 'Network',
      wide: true,
      value: (row) => row.as_name ?? asNumber(row.asn),
      cell: ownerCell,
    });
  }
  const distinct = (title: string, member: 'addresses' | 'routes' | 'asns', wide: boolean): Column<Group> => ({
    title,
    number: true,
    wide,
    value: (row) => row[member],
    cell: (row) => `${(row[`${member}_error`] ?? row.distinct_error) ? '≈ ' : row.error ? '≥ ' : ''}${count(row[member])}`,
  });
  if (by !== 'address') columns.push(distinct('Addresses', 'addresses', false));
  if (!isNetwork) columns.push(distinct('Routes', 'routes', true));
  if (!isNetwork && by !== 'asn') columns.push(distinct('AS', 'asns', true));
  return columns;
}

function groupTable(by: string, rows: Group[]): HTMLElement {
  const most = rows.reduce((largest, row) => Math.max(largest, row.hits), 0);
  const title = titles.get(by) ?? by;
  const attacks = rows.some((row) => (row.attacks ?? 0) > 0);
  const blocked = rows.some((row) => row.blocked !== undefined);
  const hitsCell = (row: Group) => {
    const cell = barred(row.hits, most, `${row.error ? '≈ ' : ''}${count(row.hits)}`);
    if (row.error) cell.title = `Approximate: may be too high by up to ${count(row.error)}`;
    return cell;
  };
  const keyValue = (row: Group) =>
    by === 'address' || by === 'route' ? placeKey(row.key) : by === 'asn' ? Number(row.key.replace(/^AS/, '')) || 0 : row.key;
  const seen = (text: string | undefined) => make('span', { class: 'time' }, seconds(text) === null ? '–' : time(text));
  return new Table<Group>({
    caption: `Hits by ${by}`,
    rows,
    sortBy: by === 'hour' ? 0 : attacks ? 2 : 1,
    ascending: by === 'hour',
    stacks: true,
    searched: (row) => [row.key, row.label, row.route, asNumber(row.asn), row.as_name, row.country, row.country_code].join(' '),
    columns: [
      { title: by === 'hour' ? 'Hour (UTC)' : title, value: keyValue, cell: (row) => keyCell(by, row) },
      { title: 'Hits', number: true, value: (row) => row.hits, cell: hitsCell },
      ...(attacks
        ? [
            {
              title: 'Attacks',
              number: true,
              value: (row: Group) => row.attacks,
              cell: (row: Group) => `${row.error && row.attacks ? '≈ ' : ''}${count(row.attacks)}`,
              hint: 'Hits of rules that are an attack by themselves, not in numbers only',
            },
          ]
        : []),
      {
        title: 'Share',
        number: true,
        wide: by !== 'address',
        value: (row) => row.share,
        cell: (row) => percent(row.share),
        hint: 'Of all hits',
      },
      ...(blocked
        ? [{ title: 'Stopped', number: true, wide: true, value: (row: Group) => row.blocked, hint: 'Hits that a ban would have stopped' }]
        : []),
      ...ownColumns(by),
      { title: 'First (UTC)', wide: true, value: (row) => row.first, cell: (row) => seen(row.first) },
      { title: 'Last (UTC)', wide: true, value: (row) => row.last, cell: (row) => seen(row.last) },
    ],
  }).element;
}

export function groupSection(report: Report): HTMLElement | null {
  const approximate = new Set(report.memory?.approximate ?? []);
  const by = report.by ?? 'address';
  const shown = [...new Set([...titles.keys(), ...Object.keys(report.top ?? {})])].filter((name) => listBy(report, name).length > 0);
  if (shown.length === 0) return null;
  const panel = (name: string) => () => {
    const rows = listBy(report, name);
    const notes = [
      name === by && (report.groups_total ?? 0) > rows.length
        ? `The first ${count(rows.length)} of ${approximate.has(name) ? 'at least ' : ''}${count(report.groups_total)}.`
        : '',
      approximate.has(name) ? 'Counted approximately (≈): the hits may be too high, never too low; what is marked ≥ may be more.' : '',
    ].filter(Boolean);
    return make('div', {}, notes.length > 0 && make('p', { class: 'muted' }, notes.join(' ')), groupTable(name, rows));
  };
  const all = shown.map((name, at) => ({
    id: titles.has(name) ? name : `list-${at}`,
    title: titles.get(name) ?? name,
    panel: panel(name),
  }));
  return section('attackers', 'Attackers', tabs('Attackers by', all, by));
}

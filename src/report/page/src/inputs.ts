// What was read, and from which data the owners are: the end of the report.
import { longText, make, section, type Child } from './elements';
import { bytes, time } from './format';
import { problems, withoutProblems } from './input_problems';
import { shortened } from './foreign_text';
import { Table } from './table';
import type { Input, Report } from './document';

const dbIp = 'https://db-ip.com';

// The database's own words, with its links as links: https alone, and as text nodes like all else.
function description(text: string): Child[] {
  return text
    .split(/(https:\/\/[a-z0-9.-]+(?:\/[\w./-]*)?)/i)
    .map((part, at) => (at % 2 === 1 ? make('a', { href: part, rel: 'noreferrer noopener' }, part) : part));
}

function sources(report: Report): HTMLElement {
  const { database } = report;
  const paths = database?.paths ?? [];
  // The starter database's licence wants this link on pages that show its data (packaging/data/LICENSE-DATA.md).
  const starter = paths.some((path) => /ipguard-lite[^/]*$/.test(path)) && !database?.description?.includes(dbIp);
  return make(
    'div',
    { class: 'sources' },
    paths.length > 0 &&
      make(
        'p',
        {},
        'Routes, AS and countries are from ',
        make('span', { class: 'mono' }, paths.map((path) => shortened(path)).join(', ')),
        database?.built ? `, built ${shortened(time(database.built), 40)} UTC.` : '.',
      ),
    paths.length === 0 && make('p', {}, 'No database was given: there are no routes, AS and countries.'),
    database?.description ? make('p', { class: 'muted' }, ...description(shortened(database.description, 2000))) : null,
    starter && make('p', { class: 'muted' }, make('a', { href: dbIp, rel: 'noreferrer noopener' }, 'IP Geolocation by DB-IP')),
  );
}

function problemsCell(input: Input): HTMLElement {
  const text = problems(input);
  return longText(text || withoutProblems(input), text ? 'problem' : 'absent');
}

export function inputSection(report: Report): HTMLElement {
  const rows = report.inputs ?? [];
  const table = new Table<Input>({
    caption: 'List of inputs',
    rows,
    stacks: true,
    ...(rows.length > 10 ? { searched: (row: Input) => `${row.path} ${row.format ?? ''} ${row.error ?? ''}` } : {}),
    empty: 'No input.',
    columns: [
      { title: 'Path', value: (row) => row.path, cell: (row) => longText(row.path, 'mono key') },
      { title: 'Format', wide: true, value: (row) => row.format },
      { title: 'Size', number: true, value: (row) => row.bytes, cell: (row) => (row.bytes === undefined ? '–' : bytes(row.bytes)) },
      { title: 'Lines', number: true, value: (row) => row.lines },
      {
        title: 'First (UTC)',
        wide: true,
        value: (row) => row.first,
        cell: (row) => make('span', { class: 'time' }, shortened(time(row.first), 40)),
      },
      {
        title: 'Last (UTC)',
        wide: true,
        value: (row) => row.last,
        cell: (row) => make('span', { class: 'time' }, shortened(time(row.last), 40)),
      },
      {
        title: 'Problems',
        value: (row) => problems(row),
        cell: problemsCell,
      },
    ],
  });
  return section('inputs', 'Inputs', table.element, sources(report));
}

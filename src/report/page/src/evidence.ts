// Lines from the logs, as evidence for the rules that hit: text, whatever is in them.
import { longText, make, section } from './elements';
import { placeKey } from './address';
import { plural, time } from './format';
import { shortened } from './foreign_text';
import { Table } from './table';
import type { Evidence, Report } from './document';

const mostLineCharacters = 600;

export function evidenceSection(report: Report): HTMLElement | null {
  const all = report.evidence ?? [];
  if (all.length === 0) return null;
  const rules = [...new Set(all.map((evidence) => evidence.rule ?? ''))].sort();
  const choice = make(
    'select',
    {
      'aria-label': 'Rule',
      change: () =>
        table.setRows(choice.value === '' ? all : all.filter((evidence) => (evidence.rule ?? '') === rules[Number(choice.value)])),
    },
    make('option', { value: '' }, `All rules (${rules.length})`),
  );
  rules.forEach((rule, at) => choice.append(make('option', { value: at }, shortened(rule, 60))));
  const table = new Table<Evidence>({
    caption: 'Lines of evidence',
    rows: all,
    page: 10,
    searched: (row) => [row.rule, row.class, row.address, row.source, row.line].join(' '),
    controls: choice,
    below: (row) => longText(row.line, 'log-line', mostLineCharacters),
    columns: [
      { title: 'Rule', value: (row) => row.rule, cell: (row) => longText(row.rule ?? '–', 'mono') },
      { title: 'Class', wide: true, value: (row) => row.class },
      {
        title: 'Address',
        value: (row) => (row.address ? placeKey(row.address) : null),
        cell: (row) => longText(row.address ?? '–', 'mono'),
      },
      {
        title: 'Time (UTC)',
        wide: true,
        value: (row) => row.time,
        cell: (row) => make('span', { class: 'time' }, shortened(time(row.time), 40)),
      },
      { title: 'Source', wide: true, value: (row) => row.source, cell: (row) => longText(row.source ?? '–', 'mono') },
    ],
  });
  return section(
    'evidence',
    'Evidence',
    make(
      'p',
      { class: 'lead' },
      `${plural(all.length, 'line')} of the logs, a few for each rule. Bytes that cannot be seen are written as escapes.`,
    ),
    table.element,
  );
}

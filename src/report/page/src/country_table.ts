// The world by country.
import { make, section } from './elements';
import { count, percent } from './format';
import { barred, Table } from './table';
import { listedOnly } from './ban_counts';
import { listBy, type Report } from './document';

export function countrySection(report: Report): HTMLElement | null {
  const rows = listBy(report, 'country');
  if (rows.length === 0) return null;
  const most = rows.reduce((largest, row) => Math.max(largest, row.hits), 0);
  const bans = new Map<string, number>();
  for (const decision of report.decisions ?? []) {
    for (const name of new Set([decision.country, decision.country_code])) if (name) bans.set(name, (bans.get(name) ?? 0) + 1);
  }
  const table = new Table({
    caption: 'Hits by country',
    rows,
    sortBy: 1,
    page: 15,
    stacks: true,
    searched: (row) => `${row.key} ${row.label ?? ''} ${row.country_code ?? ''}`,
    columns: [
      {
        title: 'Country',
        value: (row) => row.label ?? row.key,
        cell: (row) => (row.label && row.label !== row.key ? `${row.label} (${row.key})` : row.key || 'unknown'),
      },
      {
        title: 'Hits',
        number: true,
        value: (row) => row.hits,
        cell: (row) => barred(row.hits, most, `${row.error ? '≈ ' : ''}${count(row.hits)}`),
      },
      { title: 'Share', number: true, wide: true, value: (row) => row.share, cell: (row) => percent(row.share) },
      { title: 'Addresses', number: true, value: (row) => row.addresses },
      { title: 'Routes', number: true, wide: true, value: (row) => row.routes },
      { title: 'AS', number: true, wide: true, value: (row) => row.asns },
      {
        title: 'Bans',
        number: true,
        value: (row) => bans.get(row.label ?? row.key) ?? bans.get(row.key) ?? 0,
        hint: 'Bans whose target the database places in this country',
      },
    ],
  });
  const only = listedOnly(report, 'counted');
  return section('countries', 'Countries', only && make('p', { class: 'lead' }, only), table.element);
}

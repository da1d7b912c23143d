// The head of the report: what was read, what was found, what bans would have done about it; and what the reader has to know
// about the figures.
import { make, section, type Child } from './elements';
import { bytes, count, duration, percent, plural, seconds, time } from './format';
import { shortened } from './foreign_text';
import { bansNote, turnedAwayText } from './ban_counts';
import { isFiltered, totalBalance, type Report } from './document';

function figure(title: string, value: string, ...notes: Child[]): HTMLElement {
  return make(
    'div',
    { class: 'figure-tile' },
    make('dt', {}, title),
    make('dd', { class: 'value' }, value),
    make('dd', { class: 'note' }, ...notes),
  );
}

export function period(report: Report): string {
  const [first, last] = [seconds(report.first), seconds(report.last)];
  if (first === null || last === null) return '';
  return `${time(report.first)} – ${time(report.last)} UTC (${duration(Math.max(last - first, 1))})`;
}

function figures(report: Report): HTMLElement {
  const attacks = report.attacks ?? report.hits ?? 0;
  const hits = report.hits ?? attacks;
  const total = totalBalance(report);
  const lines = report.lines ?? 0;
  const hitLines = report.lines_hit ?? 0;
  const looked = report.visits_looked_at ?? 1;
  return make(
    'dl',
    { class: 'figures' },
    figure(
      'Hits',
      count(hits),
      `${count(attacks)} of them attacks by themselves${lines > 0 ? `; ${percent((report.lines_hit ?? hits) / lines)} of ${plural(lines, 'line')} hit a rule` : ''}`,
    ),
    figure(
      'Offenders',
      `${report.addresses_error ? '≈ ' : ''}${count(report.addresses)}`,
      report.addresses_error ? `distinct addresses, ± ${percent(2 * report.addresses_error)}` : 'distinct addresses',
    ),
    figure('Bans', count(total.decisions), bansNote(report)),
    figure(
      'Stopped by them',
      count(total.stopped),
      isFiltered(report)
        ? 'later lines with hits, of the whole log'
        : hitLines > 0
          ? `later lines: ${percent(Math.min(1, total.stopped / hitLines))} of ${count(hitLines)} with hits`
          : 'later lines with hits',
    ),
    figure(
      'Good clients hit',
      `${total.good_clients > 0 && looked < 1 ? '≥ ' : ''}${count(total.good_clients)}`,
      total.good_clients + total.turned_away === 0
        ? 'no good client inside of a ban'
        : `inside of bans when these began${total.turned_away > 0 ? `; turned away: ${turnedAwayText(total.turned_away)}` : ''}`,
    ),
    figure('Read', bytes(report.bytes ?? 0), `${plural(report.inputs?.length ?? 0, 'input')}, ${plural(report.rules ?? 0, 'rule')}`),
  );
}

function filterText(filters: Record<string, unknown>): string {
  return Object.entries(filters)
    .filter(([, value]) => value !== null && value !== '')
    .map(
      ([name, value]) =>
        `${shortened(name, 40)} ${Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : shortened(String(value))}`,
    )
    .join('; ');
}

function notices(report: Report): HTMLElement | null {
  const texts: string[] = [];
  const filters = filterText(report.filters ?? {});
  if (filters) {
    const fitting = report.decisions_fitting ?? 0;
    const fit =
      report.decisions_fitting === undefined
        ? ''
        : ` Of ${plural(totalBalance(report).decisions, 'ban')} ${fitting === 0 ? 'none fits' : `${count(fitting)} ${fitting === 1 ? 'fits' : 'fit'}, and would have stopped ${plural(report.decisions_fitting_stopped ?? 0, 'line')} with hits`}.`;
    texts.push(`Filtered: ${filters}. Lines read, and what the bans would have stopped, are of all that the inputs hold.${fit}`);
  }
  if (report.settings?.length)
    texts.push(
      `Bans are as they would be with ${report.settings.map((setting) => shortened(setting)).join(', ')}, not as configured; the balance compares both.`,
    );
  const approximate = report.memory?.approximate ?? [];
  if (approximate.length > 0) {
    const budget = report.memory?.budget_bytes ? ` of ${bytes(report.memory.budget_bytes)}` : '';
    const lists = ` by ${approximate.map((list) => shortened(list, 40)).join(', ')}`;
    texts.push(
      `Counted approximately${lists}: there were more different ones than fit into the memory budget${budget}. Such counts are marked ≈ and may be too high, never too low.`,
    );
  }
  if (report.exact === false && approximate.length === 0)
    texts.push('Some numbers of different addresses, routes or AS are estimates: these are marked ≈.');
  const looked = report.visits_looked_at ?? 1;
  if (looked < 1 && totalBalance(report).decisions > 0)
    texts.push(`Good clients are at least so many: of the visitors without a user name a sample of ${percent(looked)} was looked at.`);
  const { too_old: old = 0, decisions_over: over = 0 } = report.running ?? {};
  if (old > 0 || over > 0)
    texts.push(
      `From before the time that is counted, and left out: ${[old > 0 ? plural(old, 'hit') : '', over > 0 ? plural(over, 'ban') : ''].filter(Boolean).join(', ')}.`,
    );
  const failed = (report.inputs ?? []).filter((input) => input.error);
  if (failed.length > 0) texts.push(`${plural(failed.length, 'input')} not read, or not to the end; see Inputs.`);
  const unread = (report.inputs ?? []).reduce((sum, input) => sum + (input.unread_lines ?? 0), 0);
  if (unread > 0) texts.push(`${plural(unread, 'line')} had no format that ipguard reads; see Inputs.`);
  const older = (report.inputs ?? []).reduce((sum, input) => sum + (input.out_of_order ?? 0), 0);
  if (older > 0) texts.push(`${plural(older, 'line')} out of the order of time: offences may be missed there; see Inputs.`);
  const ahead = (report.inputs ?? []).reduce((sum, input) => sum + (input.ahead ?? 0), 0);
  if (ahead > 0) texts.push(`${plural(ahead, 'line')} stamped ahead of the clock; see Inputs.`);
  if (texts.length === 0) return null;
  return make(
    'ul',
    { class: 'notices', 'aria-label': 'About these figures' },
    ...texts.map((text) => make('li', {}, shortened(text, 1500))),
  );
}

export function summary(report: Report): HTMLElement {
  const nothing = isFiltered(report) ? 'No hit fits the filters.' : 'No line hit a rule: there is nothing to report.';
  const quiet = (report.hits ?? 0) === 0 ? make('p', { class: 'quiet' }, nothing) : null;
  return section('summary', 'Summary', figures(report), quiet, notices(report));
}

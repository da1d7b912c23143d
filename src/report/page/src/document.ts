// The report's document, as `ipguardctl report --json` writes it. Everything may be absent: the page leaves out what is not
// there. Times are RFC 3339 in UTC, counts are numbers.

export interface Input {
  path: string;
  bytes?: number;
  lines?: number;
  format?: string | null;
  first?: string | null;
  last?: string | null;
  // Null where nobody has counted: of a running daemon.
  unread_lines?: number | null;
  first_unread_line?: number | null;
  // Longer than the limit: only their beginnings were judged.
  overlong_lines?: number;
  out_of_order?: number | null;
  furthest_back_seconds?: number | null;
  // Stamped ahead of the clock: counted as written when the line above was.
  ahead?: number | null;
  error?: string | null;
}

// A row of a top list: what `key` is, its list says. `error`: `hits` may be too high by so much.
export interface Group {
  key: string;
  label?: string;
  hits: number;
  // Hits of rules that are an attack by themselves.
  attacks?: number;
  addresses?: number;
  routes?: number;
  asns?: number;
  share?: number;
  first?: string;
  last?: string;
  route?: string;
  asn?: string | number;
  as_name?: string;
  country?: string;
  country_code?: string;
  blocked?: number;
  error?: number;
  // Relative standard error of `addresses`, `routes`, `asns` where they are estimates.
  distinct_error?: number;
  addresses_error?: number;
  routes_error?: number;
  asns_error?: number;
}

export interface Decision {
  target: string;
  scope: string;
  route?: string | null;
  asn?: string | number | null;
  as_name?: string | null;
  country?: string | null;
  country_code?: string | null;
  rule?: string | null;
  reason?: string | null;
  at?: string | null;
  since?: string | null;
  until?: string | null;
  stopped?: number;
  good_clients?: number;
  turned_away?: number;
  // The first few of these.
  turned_away_clients?: string[];
  prefixes?: string[];
  addresses_covered?: number | null;
  ipv6_64s_covered?: number | null;
}

// `stopped`: later lines with hits. `good_clients`: known good when the ban began; `turned_away`: clients that proved good (by a
// login, a user name that authenticated, visits) while it was in force, or would have been.
export interface Balance {
  decisions?: number;
  stopped?: number;
  good_clients?: number;
  turned_away?: number;
}

// `ipv6_64s_covered`: /64 networks that IPv6 bans cover, wholly or in part; they are not among `addresses_covered`.
export interface BalanceRow extends Balance {
  addresses_covered?: number;
  ipv6_64s_covered?: number;
}

export interface Timeline {
  step_seconds: number;
  begin: string | null;
  classes: string[];
  counts: number[][];
}

export interface Evidence {
  time?: string | null;
  rule?: string;
  class?: string;
  address?: string;
  source?: string;
  line: string;
}

// Of a running daemon, or of one that would have run: whether its decisions were made.
export function isEnforced(report: Report): boolean {
  return report.live === true && report.running?.mode !== 'dry-run';
}

export interface Report {
  version?: number;
  generated?: string;
  ipguard?: string;
  live?: boolean;
  // `too_old`: hits from before the period; `decisions_over`: decisions that were over before it. Neither is counted.
  running?: { mode?: string; too_old?: number; decisions_over?: number };
  inputs?: Input[];
  database?: { paths?: string[]; built?: string | null; description?: string | null };
  rules?: number;
  filters?: Record<string, unknown>;
  settings?: string[];
  lines?: number;
  bytes?: number;
  lines_hit?: number;
  // Share of the visitors without a user name who were looked at, for good clients.
  visits_looked_at?: number;
  hits?: number;
  attacks?: number;
  addresses?: number;
  addresses_error?: number;
  first?: string | null;
  last?: string | null;
  exact?: boolean;
  memory?: { budget_bytes?: number; used_bytes?: number; approximate?: string[] };
  by?: string;
  groups?: Group[];
  groups_total?: number;
  top?: Record<string, Group[] | undefined>;
  timeline?: Timeline | null;
  decisions?: Decision[];
  decisions_total?: number;
  // With filters: the decisions that fit, and the lines that any of these would have stopped.
  decisions_fitting?: number;
  decisions_fitting_stopped?: number;
  balance?: {
    rules?: (BalanceRow & { rule: string; hits?: number })[];
    scopes?: (BalanceRow & { scope: string })[];
    total?: Balance;
  };
  what_if?: { settings?: string[]; before?: Balance; after?: Balance } | null;
  evidence?: Evidence[];
}

// The document in the page, or null where there is none (the page as it is built).
export function readReport(): Report | null {
  try {
    const parsed: unknown = JSON.parse(document.getElementById('report')?.textContent ?? '');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Report) : null;
  } catch {
    return null;
  }
}

// "AS64500", however the document writes it; "" where it is absent.
export function asNumber(asn: string | number | null | undefined): string {
  if (asn === undefined || asn === null || asn === '') return '';
  return typeof asn === 'number' || /^\d+$/.test(asn) ? `AS${asn}` : asn;
}

// Whether the hits that are counted and the decisions that are listed are a choice.
export const isFiltered = (report: Report): boolean => Object.values(report.filters ?? {}).some((value) => value !== null && value !== '');

// The longest list that the document has by something: `groups`, if the report was asked for that, or the top list.
export function listBy(report: Report, by: string): Group[] {
  const top = Object.entries(report.top ?? {}).find(([name]) => name === by)?.[1] ?? [];
  const groups = (report.by ?? 'address') === by ? (report.groups ?? []) : [];
  return groups.length > top.length ? groups : top;
}

// What all bans together would have done: each request counted once where the document says so, else the sum of the scopes.
export function totalBalance(report: Report): Required<Balance> {
  const total = report.balance?.total;
  const parts: Balance[] = total ? [total] : (report.balance?.scopes ?? report.decisions ?? []);
  const sum = (member: keyof Balance) => parts.reduce((all, part) => all + (part[member] ?? 0), 0);
  const decisions = total?.decisions ?? report.decisions_total ?? report.decisions?.length ?? 0;
  return { decisions, stopped: sum('stopped'), good_clients: sum('good_clients'), turned_away: sum('turned_away') };
}

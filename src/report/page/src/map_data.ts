// What lies where in the IPv4 space: hits (the finest that the lists have: addresses, then routes) and banned prefixes.
import { asNumber, listBy, type Decision, type Group, type Report } from './document';
import { parsePrefix, placeKey, prefixesOf } from './address';
import { shortened } from './foreign_text';
import { scopesByWidth } from './scopes';

export interface Mark {
  first: number;
  // Addresses in it, a power of two.
  size: number;
  text: string;
  label: string;
  hits: number;
  // Scope of the ban, the widest if there were several; "" for hits.
  scope: string;
  // Of a ban: whether another one's prefix holds all of it.
  inside?: boolean;
}

export interface MapData {
  hits: Mark[];
  bans: Mark[];
  // IPv6 prefixes that are banned, and addresses or routes with hits: this map has no place for them.
  beside: { bans: number; hits: number };
  // Prefixes that were left out, because there are too many to be drawn.
  leftOut: number;
}

export const space = 2 ** 32;
const mostBans = 200_000;

// Special-purpose blocks (RFC 6890, RFC 5771, RFC 1112): no client on the internet has such an address.
export const specialBlocks: [number, number][] = [
  [0, 2 ** 24],
  [10 * 2 ** 24, 2 ** 24],
  [127 * 2 ** 24, 2 ** 24],
  [100 * 2 ** 24 + 64 * 2 ** 16, 2 ** 22],
  [169 * 2 ** 24 + 254 * 2 ** 16, 2 ** 16],
  [172 * 2 ** 24 + 16 * 2 ** 16, 2 ** 20],
  [192 * 2 ** 24 + 168 * 2 ** 16, 2 ** 16],
  [198 * 2 ** 24 + 18 * 2 ** 16, 2 ** 17],
  [224 * 2 ** 24, 2 ** 28],
  [240 * 2 ** 24, 2 ** 28],
];

function placed(text: string): { first: number; size: number } | null | 'beside' {
  const prefix = parsePrefix(text);
  if (!prefix) return null;
  return prefix.family === 6 ? 'beside' : { first: Number(prefix.start), size: 2 ** (32 - prefix.length) };
}

const owner = (of: Group | Decision): string =>
  [asNumber(of.asn), of.as_name, of.country ?? of.country_code]
    .filter(Boolean)
    .map((text) => shortened(text ?? '', 60))
    .join(' ');

// What is no scope that is known counts as the narrowest.
const width = (scope: string): number => {
  const at = scopesByWidth.indexOf(scope);
  return at < 0 ? 0 : scopesByWidth.length - at;
};

// Each prefix once, however often it was banned.
function bannedPrefixes(report: Report): { text: string; by: Decision }[] {
  const banned = new Map<string, { text: string; by: Decision }>();
  for (const decision of report.decisions ?? []) {
    for (const text of prefixesOf(decision)) {
      const key = placeKey(text);
      const known = banned.get(key);
      if (!known) banned.set(key, { text, by: decision });
      else if (width(decision.scope) > width(known.by.scope)) known.by = decision;
    }
  }
  return [...banned.values()];
}

// Prefixes lie in each other or apart: one that begins before the end of a wider one is in it.
function markInside(bans: Mark[]): void {
  let end = 0;
  for (const mark of [...bans].sort((a, b) => a.first - b.first || b.size - a.size)) {
    mark.inside = mark.first < end;
    end = Math.max(end, mark.first + mark.size);
  }
}

export function mapData(report: Report): MapData {
  const data: MapData = { hits: [], bans: [], beside: { bans: 0, hits: 0 }, leftOut: 0 };
  const addresses = listBy(report, 'address');
  const told = new Map<string, number>();
  for (const group of addresses) {
    const place = placed(group.key);
    if (place === 'beside') data.beside.hits += 1;
    else if (place) data.hits.push({ ...place, text: group.key, label: owner(group), hits: group.hits, scope: '' });
    if (group.route) told.set(group.route, (told.get(group.route) ?? 0) + group.hits);
  }
  for (const group of listBy(report, 'route')) {
    const rest = group.hits - (told.get(group.key) ?? 0);
    const place = placed(group.key);
    if (place && place !== 'beside' && rest > 0) data.hits.push({ ...place, text: group.key, label: owner(group), hits: rest, scope: '' });
  }
  for (const { text, by } of bannedPrefixes(report)) {
    const place = placed(text);
    if (place === 'beside') data.beside.bans += 1;
    else if (place && data.bans.length >= mostBans) data.leftOut += 1;
    else if (place) data.bans.push({ ...place, text, label: owner(by), hits: 0, scope: by.scope });
  }
  markInside(data.bans);
  // Wide ones are drawn first, so that what lies in them is seen.
  data.bans.sort((a, b) => b.size - a.size);
  return data;
}

export interface BlockSum {
  hits: number;
  offenders: number;
  bans: number;
  // Share of the block's addresses that is banned, each counted once; at most 1.
  banned: number;
  top: Mark[];
}

// What is in the addresses from `first`, `size` of them. A mark wider than that counts by its part of it.
export function sumOf(data: MapData, first: number, size: number): BlockSum {
  const inside = data.hits.filter((mark) => mark.first >= first && mark.first < first + size);
  const bans = data.bans.filter((mark) => mark.first < first + size && mark.first + mark.size > first);
  const banned = bans.reduce((sum, mark) => sum + (mark.inside ? 0 : Math.min(mark.size, size)), 0) / size;
  return {
    hits: inside.reduce((sum, mark) => sum + mark.hits, 0),
    offenders: inside.length,
    bans: bans.length,
    banned: Math.min(1, banned),
    top: [...bans.slice(0, 3), ...inside.sort((a, b) => b.hits - a.hits).slice(0, 6)],
  };
}

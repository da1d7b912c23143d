// Addresses and prefixes (RFC 4632, RFC 4291), and which decision covers one.
import type { Decision } from './document';

export interface Prefix {
  family: 4 | 6;
  start: bigint;
  length: number;
}

const bits = (family: 4 | 6): number => (family === 4 ? 32 : 128);

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return null;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseIpv6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const words = (half: string | undefined): string[] => (half ? half.split(':') : []);
  const first = words(halves[0]);
  const last = words(halves[1]);
  const missing = 8 - first.length - last.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  let value = 0n;
  for (const word of [...first, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...last]) {
    if (!/^[0-9a-f]{1,4}$/i.test(word)) return null;
    value = (value << 16n) | BigInt(`0x${word}`);
  }
  return value;
}

// An address (as a prefix of full length) or a prefix; null for anything else.
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = address.includes(':') ? 6 : 4;
  const start = family === 6 ? parseIpv6(address) : parseIpv4(address);
  if (start === null) return null;
  const lengthText = slash < 0 ? String(bits(family)) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(lengthText) || Number(lengthText) > bits(family)) return null;
  const length = Number(lengthText);
  return { family, start: masked(family, start, length), length };
}

function masked(family: 4 | 6, address: bigint, length: number): bigint {
  const host = BigInt(bits(family) - length);
  return (address >> host) << host;
}

export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

// A text by which addresses and prefixes sort by their place; others after them, by their text.
export function placeKey(text: string): string {
  const prefix = parsePrefix(text);
  return prefix ? `${prefix.family}${prefix.start.toString(16).padStart(32, '0')}${String(prefix.length).padStart(3, '0')}` : `9${text}`;
}

// Finds the widest decision whose prefixes cover a prefix whole.
export class CoverIndex {
  private readonly known = new Map<string, Decision>();
  private readonly lengths: Record<4 | 6, Set<number>> = { 4: new Set(), 6: new Set() };

  constructor(decisions: Decision[]) {
    for (const decision of decisions) {
      for (const text of prefixesOf(decision)) {
        const prefix = parsePrefix(text);
        if (!prefix) continue;
        const key = CoverIndex.key(prefix.family, prefix.start, prefix.length);
        if (!this.known.has(key)) this.known.set(key, decision);
        this.lengths[prefix.family].add(prefix.length);
      }
    }
  }

  find(text: string): Decision | undefined {
    const prefix = parsePrefix(text);
    if (!prefix) return undefined;
    for (const length of [...this.lengths[prefix.family]].sort((a, b) => a - b)) {
      if (length > prefix.length) break;
      const found = this.known.get(CoverIndex.key(prefix.family, masked(prefix.family, prefix.start, length), length));
      if (found) return found;
    }
    return undefined;
  }

  private static key(family: number, start: bigint, length: number): string {
    return `${family}/${start.toString(36)}/${length}`;
  }
}

// What a decision blocks: its prefixes, or, where the document has none, its target or its route.
export function prefixesOf(decision: Decision): string[] {
  if (decision.prefixes && decision.prefixes.length > 0) return decision.prefixes;
  return parsePrefix(decision.target) ? [decision.target] : [];
}

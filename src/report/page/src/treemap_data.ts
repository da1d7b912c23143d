// The tree AS → route → address, of the top lists. What the lists leave out of a parent's hits is one node "others".
import { asNumber, listBy, type Group, type Report } from './document';
import { shortened } from './foreign_text';
import { CoverIndex, parsePrefix } from './address';

export interface Node {
  name: string;
  label: string;
  hits: number;
  // Whether a ban covers it, only something that is listed in it, or neither. Null for what is put together from many.
  blocked: 'blocked' | 'partly' | 'open' | null;
  children: Node[];
}

// A treemap of more is no picture any more; the tables have all.
const mostChildren = 60;

export function treeOf(report: Report): Node {
  const covers = new CoverIndex(report.decisions ?? []);
  const banned = new Set(
    (report.decisions ?? []).filter((decision) => decision.scope === 'asn').map((decision) => asNumber(decision.asn) || decision.target),
  );
  const addresses = grouped(listBy(report, 'address'), (group) => group.route ?? '');
  const routeNode = (group: Group): Node => {
    const children = (addresses.get(group.key) ?? []).map((address) => leaf(address, covers));
    return finished({
      name: group.key,
      label: group.as_name ?? '',
      hits: group.hits,
      blocked: covers.find(group.key) ? 'blocked' : 'open',
      children,
    });
  };
  const routes = grouped(listBy(report, 'route'), (group) => asNumber(group.asn));
  const asNodes = listBy(report, 'asn').map((group) => {
    const name = asNumber(group.key) || 'no AS';
    const children = (routes.get(asNumber(group.key)) ?? []).map(routeNode);
    return finished({
      name,
      label: group.label ?? group.as_name ?? '',
      hits: group.hits,
      blocked: banned.has(name) ? 'blocked' : 'open',
      children,
    });
  });
  return finished({ name: 'All', label: '', hits: report.hits ?? 0, blocked: 'open', children: asNodes });
}

function grouped(groups: Group[], key: (group: Group) => string): Map<string, Group[]> {
  const all = new Map<string, Group[]>();
  for (const group of groups) {
    const list = all.get(key(group));
    if (list) list.push(group);
    else all.set(key(group), [group]);
  }
  return all;
}

function leaf(group: Group, covers: CoverIndex): Node {
  const blocked = parsePrefix(group.key) && covers.find(group.key) ? 'blocked' : 'open';
  return { name: shortened(group.key, 60), label: '', hits: group.hits, blocked, children: [] };
}

// Names are kept short: a box has room for no more. Largest children first, the smallest as one; a parent is as large as its
// children at least (counts may be approximate), and partly blocked if something in it is: the lists name a few of its addresses,
// so that even if all of these are blocked the others are not.
function finished(node: Node): Node {
  node.name = shortened(node.name, 60);
  node.label = shortened(node.label, 80);
  const children = node.children.filter((child) => child.hits > 0).sort((a, b) => b.hits - a.hits);
  const sum = children.reduce((total, child) => total + child.hits, 0);
  const inside = children.some((child) => child.blocked === 'blocked' || child.blocked === 'partly');
  if (node.blocked === 'open' && inside) node.blocked = 'partly';
  node.hits = Math.max(node.hits, sum);
  const own = children.slice(0, mostChildren);
  const rest = node.hits - own.reduce((total, child) => total + child.hits, 0);
  if (own.length > 0 && rest > 0) own.push({ name: 'others', label: '', hits: rest, blocked: null, children: [] });
  node.children = own;
  return node;
}

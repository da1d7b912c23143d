// The scopes of bans and what they are called. Looked up in a Map: what a document calls a scope may be any text.
const names = new Map<string, [string, string]>([
  ['address', ['address', 'addresses']],
  ['route', ['route', 'routes']],
  ['asn', ['AS', 'AS']],
  ['country', ['country', 'countries']],
]);

// The widest first.
export const scopesByWidth = ['country', 'asn', 'route', 'address'];

export const scopeName = (scope: string): string => names.get(scope)?.[0] ?? scope;
export const scopeNames = (scope: string): string => names.get(scope)?.[1] ?? scope;
// The class that gives an element the scope's colour.
export const scopeClass = (scope: string): string => (names.has(scope) ? `scope-${scope}` : '');

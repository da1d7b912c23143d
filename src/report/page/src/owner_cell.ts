// Whose a network is, in two lines: the name of its AS, and under it the AS's number and the country.
import { asNumber } from './document';
import { longText, make } from './elements';

interface Owned {
  asn?: string | number | null;
  as_name?: string | null;
  country?: string | null;
  country_code?: string | null;
}

export function ownerCell(of: Owned): HTMLElement {
  const number = asNumber(of.asn);
  const country = of.country ?? of.country_code ?? '';
  if (!number && !of.as_name && !country) return make('span', { class: 'absent' }, '–');
  const under = [of.as_name ? number : '', country].filter(Boolean).join(' · ');
  return make('span', {}, longText(of.as_name ?? number, 'owner'), under ? longText(under, 'label') : null);
}

// Text that attackers wrote. It reaches the page as text nodes only (elements.ts); what would not be seen, or would change
// the order in which the rest is read, is written as an escape.

// Control characters, soft hyphen, zero-width and directional marks, separators, tags, lone surrogates.
const unseen =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 9) return '\\t';
  if (code === 10) return '\\n';
  if (code === 13) return '\\r';
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

// The text with everything in it made visible.
export function visible(text: string): string {
  return text.replace(unseen, escaped);
}

// The text, or its beginning and an ellipsis.
export function shortened(text: string, most = 160): string {
  const part = clipped(text, most);
  return part.more === 0 ? text : `${part.text}…`;
}

// The first so many characters (never half of a pair), and how many more there are.
export function clipped(text: string, most: number): { text: string; more: number } {
  if (text.length <= most) return { text, more: 0 };
  const code = text.charCodeAt(most - 1);
  const end = code >= 0xd800 && code < 0xdc00 ? most - 1 : most;
  return { text: text.slice(0, end), more: text.length - end };
}

/**
 * Characters that steer a terminal, hide text or turn its direction round: controls, format characters such as those of
 * bidirectional text, line separators, halves of characters, and what is no character at all.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu;

/** `\u001b`, as JavaScript and JSON write it; two of them beyond 16 bits. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/**
 * Text from outside, such as a name in a file, so that it can be shown as one line of text: what is unsafe is escaped.
 */
export function printable(text: string): string {
  return text.replace(unsafe, escaped);
}

/** The same for text of several lines, which stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** JSON that means the same and holds nothing unsafe: within its strings everything can be written as an escape. */
export function printableJson(value: unknown, indent?: number): string {
  return printableLines(JSON.stringify(value, undefined, indent));
}

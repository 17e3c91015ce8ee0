/**
 * A name that clears the screen and sets the title, colours what follows, by controls of 7 and of 8 bits, turns its
 * direction round, and begins new lines.
 */
export function hostile(name: string): string {
  return `${name}\u001b[2J\u001b]0;title\u0007\u009b31m\u007f\u202e\r\n\u2028\t\u{e0001}\ufdd0`;
}

/** Whether text holds nothing but what is shown, and ends of lines. */
export function isSafe(text: string): boolean {
  return !/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]|(?!\n)\p{Cc}/u.test(text);
}

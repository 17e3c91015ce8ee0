/** The name, or the first of name_2, name_3, ... that is not taken; it is taken from now on. */
export function takeName(name: string, taken: Set<string>): string {
  let own = name;
  for (let count = 2; taken.has(own); count++) own = `${name}_${count}`;
  taken.add(own);
  return own;
}

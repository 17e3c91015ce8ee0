/** A value as JSON keeps it: without what is undefined, and with null for a number that is not finite. */
export function plainJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** A value from JSON in which null stands for a number that was not finite. */
export function withNaN<T>(value: T): T {
  if (value === null) return Number.NaN as T;
  if (Array.isArray(value)) return value.map(withNaN) as T;
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withNaN(inner)])) as T;
}

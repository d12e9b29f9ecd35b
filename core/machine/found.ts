/** @throws Error if a part that the specification names is missing */
export function found<T>(value: T | undefined, kind: string, name: string): T {
  if (value === undefined) throw new Error(`The machine has no ${kind} ${JSON.stringify(name)}`);
  return value;
}

import type { JobRow } from '../contract/job';

/** A condition on an attribute. All conditions of an update must hold. */
export type Condition =
  | [attribute: keyof JobRow, '=' | '<' | 'absent or <' | 'absent or =', unknown]
  | [attribute: keyof JobRow, 'in', unknown[]]
  | [attribute: keyof JobRow, 'absent'];

export interface Change {
  set: Partial<JobRow>;
  /** Set only where there is no value yet. */
  setOnce?: Partial<JobRow>;
  add?: Partial<Record<keyof JobRow, number>>;
  remove?: (keyof JobRow)[];
}

/**
 * The expressions of a conditional update, with every name escaped (`status` and others are
 * reserved words).
 */
export function update(conditions: Condition[], change: Change) {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const name = (attribute: string) => {
    names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  };
  const value = (content: unknown) => {
    const key = `:v${Object.keys(values).length}`;
    values[key] = content;
    return key;
  };

  const test = ([attribute, operator, content]: Condition) => {
    switch (operator) {
      case 'absent':
        return `attribute_not_exists(${name(attribute)})`;
      case 'in':
        return `${name(attribute)} IN (${content.map(value).join(', ')})`;
      case 'absent or <':
      case 'absent or =':
        return `(attribute_not_exists(${name(attribute)}) OR ${name(attribute)} ${operator.at(-1)} ${value(content)})`;
      case '=':
      case '<':
        return `${name(attribute)} ${operator} ${value(content)}`;
    }
  };
  // An update without a condition on a value would create a missing row: every change therefore has
  // one.
  const condition = conditions.map(test).join(' AND ');

  const sets = [
    ...defined(change.set).map(([attribute, content]) => `${name(attribute)} = ${value(content)}`),
    ...defined(change.setOnce ?? {}).map(
      ([attribute, content]) => `${name(attribute)} = if_not_exists(${name(attribute)}, ${value(content)})`,
    ),
  ];
  const clauses = [
    `SET ${sets.join(', ')}`,
    ...clause('REMOVE', (change.remove ?? []).map(name)),
    ...clause(
      'ADD',
      defined(change.add ?? {}).map(([attribute, content]) => `${name(attribute)} ${value(content)}`),
    ),
  ];
  return {
    ConditionExpression: condition,
    UpdateExpression: clauses.join(' '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/** The row after a change that only sets and removes attributes. */
export function applied(row: JobRow, { set, remove = [] }: Pick<Change, 'set' | 'remove'>): JobRow {
  const gone = new Set<string>(remove);
  const changed = { ...row, ...Object.fromEntries(defined(set)) };
  return Object.fromEntries(Object.entries(changed).filter(([name]) => !gone.has(name))) as unknown as JobRow;
}

/** The attributes that have a value. */
export const defined = (attributes: object): [name: string, value: unknown][] =>
  Object.entries(attributes).filter(([, content]) => content !== undefined);

const clause = (keyword: string, parts: string[]) =>
  parts.length === 0 ? [] : [`${keyword} ${parts.join(', ')}`];

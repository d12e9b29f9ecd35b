import { ANSWER_SCHEMA_LIMITS as LIMITS } from '../contract/limits';

/** A fault of a JSON schema: the keys that lead to it, and the reason as a sentence without its end. */
export interface SchemaFault {
  path: string[];
  reason: string;
}

type Schema = Record<string, unknown>;

/** Whether a value is a string of that many characters. */
export const isText = (value: unknown, least: number, most: number): value is string =>
  typeof value === 'string' && [...value].length >= least && [...value].length <= most;

/** A bound of the wrong type, beyond the limits, or that no value meets. The path is that in the schema. */
export function boundsFault(schema: Schema, kind: string, nullable: boolean): SchemaFault | undefined {
  return (
    countFault(schema, 'minItems', 'maxItems', LIMITS.items) ??
    countFault(schema, 'minLength', 'maxLength', LIMITS.text) ??
    (kind === 'number' || kind === 'integer' ? rangeFault(schema) : undefined) ??
    (Object.hasOwn(schema, 'enum') ? enumFault(schema.enum, kind, nullable) : undefined)
  );
}

function countFault(schema: Schema, least: string, greatest: string, most: number): SchemaFault | undefined {
  for (const word of [least, greatest]) {
    const count = schema[word];
    if (count !== undefined && !(Number.isInteger(count) && isNumber(count, 0, most)))
      return { path: [word], reason: `Expected a whole number from 0 to ${most}` };
  }
  const { [least]: low = 0, [greatest]: high = most } = schema as Record<string, number>;
  return low > high ? { path: [least], reason: `It must not be greater than "${greatest}"` } : undefined;
}

function rangeFault(schema: Schema): SchemaFault | undefined {
  for (const word of ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'])
    if (schema[word] !== undefined && !isNumber(schema[word], -LIMITS.number, LIMITS.number))
      return { path: [word], reason: `Expected a number from ${-LIMITS.number} to ${LIMITS.number}` };
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema as Record<
    string,
    number | undefined
  >;
  const low = Math.max(minimum ?? -Infinity, exclusiveMinimum ?? -Infinity);
  const high = Math.min(maximum ?? Infinity, exclusiveMaximum ?? Infinity);
  const isOpen = exclusiveMinimum === low || exclusiveMaximum === high;
  return low > high || (low === high && isOpen)
    ? { path: [], reason: 'No number is permitted: the least is above the greatest' }
    : undefined;
}

function enumFault(values: unknown, kind: string, nullable: boolean): SchemaFault | undefined {
  const fault = (reason: string) => ({ path: ['enum'], reason });
  if (!Array.isArray(values) || values.length < 1 || values.length > LIMITS.enum)
    return fault(`Expected a list of 1 to ${LIMITS.enum} values`);
  const others = (values as unknown[]).filter((value) => value !== null);
  if (others.length === 0 || (others.length < values.length && !nullable))
    return fault('null is permitted only beside other values, with a type that permits it');
  for (const value of others) {
    if (kind === 'string' && !isText(value, 1, LIMITS.enumText))
      return fault(`Expected texts of 1 to ${LIMITS.enumText} characters`);
    if (kind !== 'string' && !isNumber(value, -LIMITS.number, LIMITS.number))
      return fault('Expected numbers');
    if (kind === 'integer' && !Number.isInteger(value)) return fault('Expected whole numbers');
  }
  return new Set(others).size < others.length ? fault('A value is repeated: send each once') : undefined;
}

const isNumber = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

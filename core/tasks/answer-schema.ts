import { ANSWER_SCHEMA_LIMITS as LIMITS } from '../contract/limits';
import { ANSWER_SCHEMA_KEYWORDS as KEYWORDS } from '../contract/names';
import { boundsFault, isText, type SchemaFault } from './answer-schema-bounds';

type Kind = Exclude<keyof typeof KEYWORDS, ''>;
type Schema = Record<string, unknown>;

const ANNOTATIONS = ['title', 'description', 'default', 'examples'];
const REFERENCE = '#/$defs/';
const CURES: Record<string, string | undefined> = {
  pattern: 'describe the form in "description"',
  format: 'describe the form in "description"',
  const: 'use "enum" with one value',
  oneOf: 'make it an object with optional properties, or use "anyOf" with null',
  allOf: 'write all of it in one schema',
  patternProperties: 'name each property in "properties"',
};

/**
 * Checks the JSON schema that a caller sends for an answer: size, depth and every keyword.
 *
 * `spotscribe_voxtral/schemas/reading.py` does the same in the service, in the same order; both read
 * the same test cases.
 *
 * @returns undefined if it is supported
 */
export function answerSchemaFault(schema: unknown): SchemaFault | undefined {
  try {
    checkText(schema);
    new Check(schema).node(schema, [], 1, true);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return { path: error.path, reason: error.message };
    throw error;
  }
}

class Fault extends Error {
  constructor(
    readonly path: string[],
    reason: string,
  ) {
    super(reason);
  }
}

/** Refuses what is too large, or cannot be encoded. */
function checkText(schema: unknown): void {
  let isWellFormed = true;
  let json: string;
  try {
    json = JSON.stringify(schema, (key, value: unknown) => {
      isWellFormed &&= key.isWellFormed() && (typeof value !== 'string' || value.isWellFormed());
      return value;
    });
  } catch {
    throw new Fault([], 'Expected a JSON schema that can be written');
  }
  if (!isWellFormed) throw new Fault([], 'Expected valid Unicode: remove lone surrogates');
  const bytes = new TextEncoder().encode(json).length;
  if (bytes > LIMITS.bytes)
    throw new Fault([], `It has ${bytes} bytes; at most ${LIMITS.bytes} are allowed: shorten it`);
}

class Check {
  private values = 0;
  private readonly definitions: Schema;

  constructor(schema: unknown) {
    this.definitions = isObject(schema) && isObject(schema.$defs) ? schema.$defs : {};
  }

  node(schema: unknown, path: string[], depth: number, isRoot = false): void {
    if (++this.values > LIMITS.values)
      throw new Fault([], `It has more than ${LIMITS.values} values, references counted: ask for fewer`);
    if (!isObject(schema)) throw new Fault(path, 'Expected a JSON schema, as an object');
    if (isRoot && schema.type !== 'object') throw new Fault(['type'], 'Expected "object" at the top');
    if (Object.hasOwn(schema, '$ref')) return this.referred(schema, path, depth);
    if (Object.hasOwn(schema, 'anyOf')) return this.orNull(schema, path, depth);
    const { kind, nullable } = typeOf(schema, path);
    const permitted = [...KEYWORDS[''], ...KEYWORDS[kind], ...(isRoot ? ['$schema', '$defs'] : [])];
    checkKeywords(schema, path, permitted, `for the type ${kind}`);
    if ((kind === 'object' || kind === 'array') && depth > LIMITS.depth)
      throw new Fault(path, `Objects and lists are nested more than ${LIMITS.depth} levels deep`);
    const fault = boundsFault(schema, kind, nullable);
    if (fault !== undefined) throw new Fault([...path, ...fault.path], fault.reason);
    checkDescription(schema, path);
    if (kind === 'array') this.items(schema, path, depth);
    if (kind === 'object') this.properties(schema, path, depth);
  }

  private referred(schema: Schema, path: string[], depth: number): void {
    checkKeywords(schema, path, ['$ref', ...ANNOTATIONS], 'beside "$ref"');
    const reference = typeof schema.$ref === 'string' ? schema.$ref : '';
    const name = reference.slice(REFERENCE.length);
    if (!reference.startsWith(REFERENCE) || !Object.hasOwn(this.definitions, name))
      throw new Fault([...path, '$ref'], 'Only references to "$defs" of this schema are supported');
    this.node(this.definitions[name], ['$defs', name], depth);
    checkDescription(schema, path);
  }

  private orNull(schema: Schema, path: string[], depth: number): void {
    checkKeywords(schema, path, ['anyOf', ...ANNOTATIONS], 'beside "anyOf"');
    const choices = Array.isArray(schema.anyOf) ? (schema.anyOf as unknown[]) : [];
    const [other, ...more] = choices.filter((one) => !isNull(one));
    if (choices.length !== 2 || other === undefined || more.length > 0)
      throw new Fault(
        [...path, 'anyOf'],
        'Only a schema or {"type": "null"} is supported: use optional properties',
      );
    this.node(other, [...path, 'anyOf', String(choices.indexOf(other))], depth);
    checkDescription(schema, path);
  }

  private items(schema: Schema, path: string[], depth: number): void {
    if (!Object.hasOwn(schema, 'items'))
      throw new Fault([...path, 'items'], 'Expected the schema of an entry');
    this.node(schema.items, [...path, 'items'], depth + 1);
  }

  private properties(schema: Schema, path: string[], depth: number): void {
    const { properties, required = [], additionalProperties = false } = schema;
    if (!isObject(properties) || Object.keys(properties).length === 0)
      throw new Fault([...path, 'properties'], 'Expected at least one property');
    for (const name of Object.keys(properties))
      if (!isText(name, 1, LIMITS.name) || name === '__proto__')
        throw new Fault([...path, 'properties'], `A name has 1 to ${LIMITS.name} characters`);
    if (!Array.isArray(required) || !required.every((name) => isNameOf(properties, name)))
      throw new Fault([...path, 'required'], 'Expected a list of names of "properties"');
    if (additionalProperties !== false)
      throw new Fault(
        [...path, 'additionalProperties'],
        'Only false is supported: name each in "properties"',
      );
    for (const [name, one] of Object.entries(properties))
      this.node(one, [...path, 'properties', name], depth + 1);
  }
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNull = (value: unknown) =>
  isObject(value) && value.type === 'null' && Object.keys(value).length === 1;
const isNameOf = (properties: Schema, name: unknown) =>
  typeof name === 'string' && Object.hasOwn(properties, name);

function checkKeywords(schema: Schema, path: string[], permitted: readonly string[], where: string): void {
  for (const word of Object.keys(schema)) {
    if (permitted.includes(word)) continue;
    const cure = Object.hasOwn(CURES, word) ? CURES[word] : `leave it out, or use ${permitted.join(', ')}`;
    throw new Fault([...path, word.slice(0, LIMITS.name)], `It is not supported ${where}: ${cure}`);
  }
}

function typeOf({ type }: Schema, path: string[]): { kind: Kind; nullable: boolean } {
  const nullable = Array.isArray(type) && type.length === 2 && type.includes('null');
  const kinds = nullable ? (type as unknown[]).filter((one) => one !== 'null') : [type];
  const kind = kinds.length === 1 ? KINDS.find((one) => one === kinds[0]) : undefined;
  if (kind !== undefined) return { kind, nullable };
  throw new Fault(
    [...path, 'type'],
    `Expected one of ${KINDS.join(', ')}, or a list of one of them and null`,
  );
}

const KINDS = (Object.keys(KEYWORDS) as (keyof typeof KEYWORDS)[]).filter((kind) => kind !== '');

function checkDescription(schema: Schema, path: string[]): void {
  for (const word of ['description', 'title'])
    if (Object.hasOwn(schema, word) && !isText(schema[word], 0, LIMITS.description))
      throw new Fault([...path, word], `Expected a text of at most ${LIMITS.description} characters`);
}

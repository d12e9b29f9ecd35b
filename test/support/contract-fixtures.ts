/** Finds parts of the contract that its fixtures do not cover. */

/** A JSON schema, with the keywords that the contract uses. */
export interface JsonSchema {
  $ref?: string;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  const?: unknown;
}
export type Definitions = Record<string, JsonSchema>;

/** A fixture is named after its schema. A suffix after a full stop distinguishes variants. */
export interface Fixture {
  file: string;
  value: unknown;
}

export const shapeOf = ({ file }: Pick<Fixture, 'file'>) => file.split('.')[0]!;

/**
 * Top-level schemas without a fixture, kinds of events without one, and fields that no fixture has.
 * No test would detect their removal from a schema.
 */
export function notShown(definitions: Definitions, fixtures: Fixture[]): string[] {
  const seen = new Set<string>();
  for (const fixture of fixtures) {
    const definition = definitions[shapeOf(fixture)];
    if (definition !== undefined) look(definition, fixture.value, shapeOf(fixture), definitions, seen);
  }
  const shown = new Set(fixtures.map(shapeOf));
  return [
    ...alone(definitions).filter((name) => !shown.has(name)),
    ...Object.entries(definitions).flatMap(([name, definition]) =>
      places(definition, name).filter((place) => !seen.has(place)),
    ),
  ].sort();
}

/** Names of the schemas that are not part of another one. */
function alone(definitions: Definitions): string[] {
  const text = JSON.stringify(definitions);
  return Object.keys(definitions).filter((name) => !text.includes(`/${name}"`));
}

const kindsOf = ({ anyOf, oneOf }: JsonSchema): JsonSchema[] | undefined => oneOf ?? anyOf;

/** The constant that identifies a kind of event. */
const kindName = ({ properties }: JsonSchema): string => {
  const value = properties?.type?.const;
  return typeof value === 'string' ? value : '';
};

/** Every field and kind of a schema, without the content of referenced definitions. */
function places(schema: JsonSchema, at: string): string[] {
  const kinds = kindsOf(schema)?.flatMap((kind) => [
    ...(kindName(kind) === '' ? [] : [`${at}(${kindName(kind)})`]),
    ...places(kind, kindName(kind) === '' ? at : `${at}(${kindName(kind)})`),
  ]);
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    `${at}.${name}`,
    ...places(field, `${at}.${name}`),
  ]);
  return [...(kinds ?? []), ...fields, ...(schema.items === undefined ? [] : places(schema.items, at))];
}

/** Records which fields and kinds a value covers. */
function look(schema: JsonSchema, value: unknown, at: string, definitions: Definitions, seen: Set<string>) {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)!;
    return look(definitions[name]!, value, name, definitions, seen);
  }
  if (Array.isArray(value)) {
    for (const item of value) look(schema.items ?? {}, item, at, definitions, seen);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const kind of kindsOf(schema) ?? []) {
    const name = kindName(kind);
    if (name !== '' && name !== (value as { type?: string }).type) continue;
    const place = name === '' ? at : `${at}(${name})`;
    seen.add(place);
    look(kind, value, place, definitions, seen);
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!(name in value)) continue;
    seen.add(`${at}.${name}`);
    look(field, (value as Record<string, unknown>)[name], `${at}.${name}`, definitions, seen);
  }
}

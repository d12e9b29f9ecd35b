/** Writes `core/contract/contract.schema.json`: the shapes of `core/contract` for those who do not read TypeScript. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { PERMANENT_CODES } from '../core/contract/names';
import { contractSchemas } from './contract-schemas';

const FOLDER = path.resolve(__dirname, '..', 'core', 'contract');
export const SCHEMA_FILE = path.join(FOLDER, 'contract.schema.json');

/**
 * The schemas as text. A shape is there twice: as what is taken (`input`), and as what is sent (`output`), which has no field that the
 * shape does not name.
 */
export function contractSchema(): string {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(contractSchemas(FOLDER))) registry.add(schema, { id: name });
  const of = (io: 'input' | 'output') => {
    const { schemas } = z.toJSONSchema(registry, { io, uri: (name) => `#/${io}/${name}` });
    return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, inDocument(schema)]));
  };
  return `${JSON.stringify(
    { input: of('input'), output: of('output'), permanent_codes: PERMANENT_CODES },
    undefined,
    2,
  )}\n`;
}

/** A schema as a part of the document: it needs no dialect and no id of its own there. */
function inDocument(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '$id'));
}

if (require.main === module) writeFileSync(SCHEMA_FILE, contractSchema());

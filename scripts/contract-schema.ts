/**
 * Writes `core/contract/contract.schema.json`, the schemas of `core/contract` for other languages.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { ANSWER_SCHEMA_LIMITS } from '../core/contract/limits';
import { ANSWER_SCHEMA_KEYWORDS, PERMANENT_CODES } from '../core/contract/names';
import { contractSchemas } from './contract-schemas';

const FOLDER = path.resolve(__dirname, '..', 'core', 'contract');
export const SCHEMA_FILE = path.join(FOLDER, 'contract.schema.json');

/**
 * The schemas as text. Each schema appears twice: for received data (`input`), and for sent data
 * (`output`), which has no unknown fields.
 */
export function contractSchema(): string {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(contractSchemas(FOLDER))) registry.add(schema, { id: name });
  const of = (io: 'input' | 'output') => {
    const { schemas } = z.toJSONSchema(registry, { io, uri: (name) => `#/${io}/${name}` });
    return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, inDocument(schema)]));
  };
  return `${JSON.stringify(
    {
      input: of('input'),
      output: of('output'),
      permanent_codes: PERMANENT_CODES,
      answer_schemas: { keywords: ANSWER_SCHEMA_KEYWORDS, limits: ANSWER_SCHEMA_LIMITS },
    },
    undefined,
    2,
  )}\n`;
}

/** A schema as a part of the document, without its own dialect and id. */
function inDocument(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '$id'));
}

if (require.main === module) writeFileSync(SCHEMA_FILE, contractSchema());

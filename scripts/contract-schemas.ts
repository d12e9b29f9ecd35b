import { readdirSync } from 'node:fs';
import path from 'node:path';
import type * as z from 'zod/mini';

/**
 * Finds all schemas that the files below a folder export, by name. So a new schema cannot be
 * forgotten.
 */
export function contractSchemas(folder: string): Record<string, z.ZodMiniType> {
  const found: Record<string, z.ZodMiniType> = {};
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- tests need the schemas synchronously to define test names
    const exported = require(path.join(folder, file)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported)) if (isSchema(value)) found[name] = value;
  }
  // The order of a module's exports depends on the compiler.
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)));
}

const isSchema = (value: unknown): value is z.ZodMiniType =>
  typeof value === 'object' && value !== null && '_zod' in value;

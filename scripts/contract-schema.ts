/** Writes `core/contract/contract.schema.json`: the shapes of `core/contract/contract.ts` for those who do not read TypeScript. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';

const root = path.resolve(__dirname, '..');
export const SCHEMA_FILE = path.join(root, 'core', 'contract', 'contract.schema.json');

/** The schema as text, one definition for each exported type. */
export function contractSchema(): string {
  const generator = createGenerator({
    path: path.join(root, 'core', 'contract', 'contract.ts'),
    tsconfig: path.join(root, 'tsconfig.json'),
    type: '*',
    additionalProperties: false,
    functions: 'hide',
    skipTypeCheck: true,
  });
  return `${JSON.stringify(generator.createSchema(), undefined, 2)}\n`;
}

if (require.main === module) writeFileSync(SCHEMA_FILE, contractSchema());

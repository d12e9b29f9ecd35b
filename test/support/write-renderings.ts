/**
 * Rewrites the expected files of all fixtures in `test/fixtures/formats`: `npx tsx
 * test/support/write-renderings.ts`. Review the changes: the tests compare both languages with these
 * files, but nothing checks the files themselves.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { FIXTURE_FOLDER, FIXTURE_NAMES, FILES, given } from './format-fixtures';
import { renderings } from './renderings';
import { FORMAT } from '../../core/formats/formats';

async function write(name: string): Promise<void> {
  const asked = given(name);
  const found = { ...renderings(asked), txt: FORMAT.txt.render(asked.transcript) };
  for (const [kind, file] of Object.entries(FILES)) {
    const path = join(FIXTURE_FOLDER, name, file);
    const text = found[kind as keyof typeof FILES];
    const options = { ...(await resolveConfig(path)), filepath: path };
    writeFileSync(path, file.endsWith('.json') ? await format(text, options) : text);
  }
}

void Promise.all(FIXTURE_NAMES.map(write));

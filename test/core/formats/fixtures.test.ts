import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FORMAT } from '../../../core/formats/formats';
import { FILES, FIXTURE_FOLDER, FIXTURE_NAMES, given, readFixture } from '../../support/format-fixtures';
import { renderings } from '../../support/renderings';

describe.each(FIXTURE_NAMES)('the fixture %s', (name) => {
  const asked = given(name);
  const { txt, ...shared } = FILES;

  test.each(Object.entries(shared))('is written as its %s', (format, file) => {
    const found = renderings(asked)[format as keyof typeof shared];
    const expected = readFixture(name, file);
    if (file.endsWith('.json')) expect(JSON.parse(found)).toEqual(JSON.parse(expected));
    else expect(found).toBe(expected);
  });

  test('is written as its txt', () => {
    expect(FORMAT.txt.render(asked.transcript)).toBe(readFixture(name, txt));
  });

  test('has all files and no other', () => {
    const files = readdirSync(join(FIXTURE_FOLDER, name)).sort();
    expect(files).toEqual(['given.json', ...Object.values(FILES)].sort());
  });
});

test('there are fixtures', () => expect(FIXTURE_NAMES.length).toBeGreaterThanOrEqual(15));

import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import type * as Formats from '../../../core/formats/formats';
import { FORMAT } from '../../../core/formats/formats';
import { TRANSCRIPT_FORMATS } from '../../../core/contract/names';
import { FIXTURE_NAMES, given } from '../../support/format-fixtures';

const ROOT = join(__dirname, '..', '..', '..');
/** Two thirds of it are pako. */
const MOST_BYTES = 50_000;

/** `core/formats` as a page would load it. */
const bundle = () =>
  build({
    entryPoints: [join(ROOT, 'core', 'formats', 'formats.ts')],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'formats',
    metafile: true,
    write: false,
  });

test('formats are made in a browser as here, without zod', async () => {
  const { outputFiles, metafile } = await bundle();
  const [{ text, contents } = { text: '', contents: [] }] = outputFiles;
  const foreign = Object.keys(metafile.inputs).filter(
    (file) => !/^(core\/(formats|contract|forms)|node_modules\/pako)\//.test(file),
  );
  expect(foreign).toEqual([]);
  expect(contents.length).toBeLessThan(MOST_BYTES);
  // What all browsers have beside the language, and nothing of Node's.
  const page = { TextEncoder };
  const { FORMAT: theirs } = runInNewContext(`${text};formats`, page) as typeof Formats;
  for (const { transcript } of FIXTURE_NAMES.map(given)) {
    for (const format of TRANSCRIPT_FORMATS) {
      expect(theirs[format].render(transcript)).toBe(FORMAT[format].render(transcript));
    }
  }
});

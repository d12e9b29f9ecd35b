// Bundles the worker into worker.cjs, the one file that its image adds to Node.js, in the folder named or in dist.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = process.argv[2] ?? here('dist');

const { outputFiles } = await build({
  entryPoints: [here('src/main.ts')],
  // Not where it is written: the map names its sources from here, and is to be the same wherever that is.
  outfile: here('dist/worker.cjs'),
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
});
mkdirSync(folder, { recursive: true });
for (const { path, contents } of outputFiles) writeFileSync(join(folder, basename(path)), contents);

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const SOURCES = join(__dirname, '..', '..', 'lambda');
/** Matches the source of a handler, and no other file in the folder. */
const HANDLER = /^export const handler\b/m;

/**
 * Bundles one handler of `lambda/` into a single file. Bundles in this process, because the
 * construct's bundling starts npx for every function, which took half of the synthesis time.
 *
 * @param file in `lambda/`, without extension
 */
export function bundledHandler(file: string): Code {
  return Code.fromAsset(SOURCES, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('none'),
      // Never run. It is part of the CDK's cache key for assets, which must differ between
      // handlers.
      command: ['esbuild', file],
      local: {
        tryBundle(folder) {
          const bundle = bundles().get(file);
          if (bundle === undefined) throw new Error(`lambda/${file}.ts exports no handler`);
          writeFileSync(join(folder, 'index.js'), bundle);
          return true;
        },
      },
    },
  });
}

let known: Map<string, Uint8Array> | undefined;

/** All handlers, by file. Bundled at once, because they have most files in common: it takes a quarter of the time. */
const bundles = (): Map<string, Uint8Array> => (known ??= bundleAll());

function bundleAll(): Map<string, Uint8Array> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(SOURCES, file));
  const { outputFiles } = buildSync({
    entryPoints: files.filter((file) => HANDLER.test(readFileSync(file, 'utf8'))),
    outbase: SOURCES,
    // Names the outputs. Nothing is written there.
    outdir: SOURCES,
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // The runtime contains the SDK. Its internal packages match the runtime's version, so those
    // that handlers use are bundled.
    external: ['@aws-sdk/*'],
    logLevel: 'warning',
  });
  return new Map(
    outputFiles.map(({ path, contents }) => [relative(SOURCES, path).replace(/\.js$/, ''), contents]),
  );
}

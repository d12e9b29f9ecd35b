import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const SOURCES = join(__dirname, '..', '..', 'lambda');

/**
 * Bundles one handler of `lambda/` into a single file. Bundles in this process, because the
 * construct's bundling starts npx for every function, which took half of the synthesis time.
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
          buildSync({
            entryPoints: [join(SOURCES, `${file}.ts`)],
            outfile: join(folder, 'index.js'),
            bundle: true,
            minify: true,
            platform: 'node',
            target: 'node24',
            format: 'cjs',
            // The runtime contains the SDK. Its internal packages match the runtime's version, so
            // those that handlers use are bundled.
            external: ['@aws-sdk/*'],
            logLevel: 'warning',
          });
          return true;
        },
      },
    },
  });
}

import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const SOURCES = join(__dirname, '..', '..', 'lambda');

/**
 * One handler of `lambda/` as a single file. Bundled within this process: the construct's own way starts npx for every
 * function, which made up half of the time of a synthesis.
 */
export function bundledHandler(file: string): Code {
  return Code.fromAsset(SOURCES, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('none'),
      // Never run, but part of what the CDK knows an asset by: without it every handler would be the first one.
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
            // The runtime brings the SDK. Of its inner packages it has those that its own version needs: what we use of
            // them comes along.
            external: ['@aws-sdk/*'],
            logLevel: 'warning',
          });
          return true;
        },
      },
    },
  });
}

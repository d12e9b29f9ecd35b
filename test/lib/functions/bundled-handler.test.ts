import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { spotscribeApp } from '../../../lib/app';

const HANDLERS = 20;

describe('bundled handlers', () => {
  // These paths have all handlers.
  const app: App = spotscribeApp({ context: { spotscribe: { paths: ['FastApi', 'Embeddings'] } } });
  const assembly = app.synth();
  const functions = app.node
    .findAll()
    .filter((construct): construct is CfnFunction => construct instanceof CfnFunction)
    // Without the CDK's functions for custom resources.
    .filter(({ environment, node }) => environment !== undefined && !node.path.includes('/framework-'));
  const all = functions.map((resource) => {
    const hash = (resource.code as CfnFunction.CodeProperty).s3Key?.replace('.zip', '');
    const { variables } = resource.stack.resolve(resource.environment) as {
      variables: Record<string, string>;
    };
    const id = variables.POWERTOOLS_SERVICE_NAME ?? resource.node.path;
    return { id, file: join(assembly.directory, `asset.${hash}`, 'index.js') };
  });
  const bundles = [...new Map(all.map((each) => [each.id, each])).values()];

  test('are different for each function', () => {
    expect(bundles).toHaveLength(HANDLERS);
    expect(new Set(bundles.map(({ file }) => file)).size).toBe(HANDLERS);
  });

  /** With the parser of media files, which runs only when a file is measured. */
  const MEASURE = [
    'create-embeddings',
    'create-speech',
    'intake-upload',
    'sweep-jobs',
    'transcribe-audio',
    'voices',
  ];

  test.each(bundles)('$id stays small', ({ id, file }) => {
    expect(statSync(file).size).toBeLessThan((MEASURE.includes(id) ? 550 : 305) * 1024);
  });

  const foreign = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)]
      .map(([, name = '']) => name)
      .filter((name) => !isBuiltin(name));

  test.each(bundles)('$id excludes only the SDK, which the runtime contains', ({ file }) => {
    expect(foreign(file).filter((name) => !name.startsWith('@aws-sdk/'))).toEqual([]);
  });

  test('need the SDK, except the one without AWS calls', () => {
    const without = bundles.filter(({ file }) => foreign(file).length === 0).map(({ id }) => id);
    expect(without).toEqual(['no-route']);
  });
});

import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { spotscribeApp } from '../../../lib/app';

const HANDLERS = 15;

describe('bundled handlers', () => {
  const app: App = spotscribeApp();
  const assembly = app.synth();
  const functions = app.node
    .findAll()
    .filter((construct): construct is CfnFunction => construct instanceof CfnFunction)
    // Without the CDK's functions for custom resources.
    .filter(({ environment, node }) => environment !== undefined && !node.path.includes('/framework-'));
  const bundles = functions.map((resource) => {
    const hash = (resource.code as CfnFunction.CodeProperty).s3Key?.replace('.zip', '');
    return { id: resource.node.path, file: join(assembly.directory, `asset.${hash}`, 'index.js') };
  });

  test('are different for each function', () => {
    expect(bundles).toHaveLength(HANDLERS);
    expect(new Set(bundles.map(({ file }) => file)).size).toBe(HANDLERS);
  });

  test.each(bundles)('$id stays below 300 KB', ({ file }) => {
    expect(statSync(file).size).toBeLessThan(300 * 1024);
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
    expect(without).toEqual([expect.stringContaining('/NoRoute/')]);
  });
});

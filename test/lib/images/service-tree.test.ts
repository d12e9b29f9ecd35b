import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Template } from 'aws-cdk-lib/assertions';
import { ServiceTree } from '../../../lib/images/service-tree';
import { root, synthesise } from './synthesised-images';

/** Requests for images, by the last part of their construct's name. */
const requests = (form?: typeof ServiceTree) => {
  const { paths } = synthesise(root, {}, form);
  return Object.values(paths)
    .filter(({ Type }) => Type === 'Custom::SpotscribeImage')
    .map(
      ({ Properties }) => Properties as { Tag: string; Trees?: unknown; Variables: Record<string, string> },
    );
};

interface FileAsset {
  source: { executable?: string[] };
  destinations: Record<string, { objectKey: string }>;
}

/** The files that a deployment of one tree uploads, and the tree. */
function uploaded(make: (stack: Stack) => ServiceTree): {
  assets: FileAsset[];
  uri: string;
  resources: string;
} {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new Stack(app, 'Path');
  const tree = make(stack);
  tree.grantFetch(new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  const { directory } = app.synth();
  const { files } = JSON.parse(readFileSync(join(directory, 'Path.assets.json'), 'utf8')) as {
    files: Record<string, FileAsset>;
  };
  const template = Template.fromStack(stack).toJSON() as { Resources: unknown };
  const assets = Object.values(files).filter(({ source }) => source.executable !== undefined);
  return {
    assets,
    uri: JSON.stringify(stack.resolve(tree.uri)),
    resources: JSON.stringify(template.Resources),
  };
}

describe('the file system of an image', () => {
  test('is stored by the build that makes the image, which has another tag then', () => {
    const [images, trees] = [requests(), requests(ServiceTree)];
    const stored = trees.filter(({ Trees }) => Trees !== undefined);
    // A family is no image of a machine.
    expect(stored).toHaveLength(3);
    for (const { Variables } of stored)
      expect(JSON.stringify(Variables.TREES)).toMatch(/"\/(worker|whisper|voxtral)"/);
    expect(images.filter(({ Trees }) => Trees !== undefined)).toEqual([]);
    const tags = new Set(images.map(({ Tag }) => Tag));
    for (const { Tag } of stored) expect(tags.has(Tag)).toBe(false);
    expect(stored.map(({ Variables }) => Variables.PACKAGES).filter(Boolean)).toEqual(['nftables zstd']);
  });

  test.each<[string, string, (stack: Stack) => ServiceTree]>([
    [
      'built here',
      'build',
      (stack) => ServiceTree.fromLocalDocker(stack, 'Whisper', { image: 'whisper', requirements: 'laptop' }),
    ],
    ['of a folder', 'build', (stack) => ServiceTree.fromFolder(stack, 'Own', 'examples/own-model/keywords')],
    ['of a registry', 'image', (stack) => ServiceTree.fromRegistry(stack, 'Own', 'ghcr.io/me/mine:1')],
  ])('%s is uploaded by the deployment', (_, what, make) => {
    const { assets, uri, resources } = uploaded(make);
    expect(assets).toHaveLength(1);
    const [{ source, destinations } = {} as FileAsset] = assets;
    expect(source.executable?.slice(0, 3)).toEqual(['bash', join(root, 'docker/tree.sh'), what]);
    const [destination] = Object.values(destinations);
    expect(uri).toContain(`/${destination?.objectKey}`);
    // Machines read exactly this object.
    expect(resources).toContain(`/${destination?.objectKey}"`);
  });

  test('built here has the arguments of its Dockerfile', () => {
    const { assets } = uploaded((stack) =>
      ServiceTree.fromLocalDocker(stack, 'Whisper', { image: 'whisper', requirements: 'laptop' }),
    );
    expect(assets[0]?.source.executable?.slice(4, -1)).toEqual([
      ...['--target', 'whisper', '--build-arg', 'FAMILY=audio', '--build-arg', 'REQUIREMENTS=laptop'],
    ]);
  });
});

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BUNDLING_STACKS } from 'aws-cdk-lib/cx-api';
import type { IConstruct } from 'constructs';
import { SERVICE_NAMES, type ServiceName, SERVICES } from '../services';
import { byName, type ImageName } from './image-name';

const PACKAGE = join(__dirname, '..', '..');

/** An image to build: one that a path runs, or the family that a model service is built on. */
export type BuiltImage = ImageName | 'environment';
export const BUILT_IMAGES: readonly BuiltImage[] = ['worker', 'environment', ...SERVICE_NAMES];

/** Files of the folder `docker` that each image needs. */
const FILES: Record<BuiltImage, string[]> = {
  worker: ['worker/Dockerfile'],
  environment: ['Dockerfile', 'ffmpeg.sh', 'layers.sh', 'families/torch.txt'],
  ...byName(SERVICE_NAMES, serviceFiles),
};

function serviceFiles(name: ServiceName): string[] {
  const { image, exec } = SERVICES[name];
  const locks = Object.keys(image.families).map((kind) => `${name}/requirements.${kind}.txt`);
  const folders = exec.folders.map((folder) => basename(folder));
  return ['Dockerfile', ...locks, ...folders.map((folder) => `${folder}/spotscribe_${folder}`)];
}

/** Images whose files are needed to build one from its Dockerfile, with its family. */
export const contextImages = (image: ImageName): readonly BuiltImage[] =>
  image === 'worker' ? [image] : ['environment', image];

/** Files in source folders that are not sources. */
const NO_SOURCES = /^(__pycache__|.*\.pyc)$/;

export interface ContextProps {
  /** Images whose files go into the context. */
  readonly images: readonly BuiltImage[];
  /** Whether to bundle the worker. Skipped to save time when nothing is built. */
  readonly bundle: boolean;
  /** Root folder of this package. @default - the package that contains this file */
  readonly root?: string;
}

/**
 * Writes the build context of images into a folder: the Dockerfile, the files that it copies, and
 * the scripts that CodeBuild runs.
 */
export function writeContext({ images, bundle, root = PACKAGE }: ContextProps, folder: string) {
  for (const file of ['build.sh', 'tree.sh', ...images.flatMap((image) => FILES[image])]) {
    const target = file === 'worker/Dockerfile' ? 'Dockerfile' : file;
    cpSync(join(root, 'docker', file), join(folder, target), {
      recursive: true,
      // Builders other than Docker compare modification times: new ones would invalidate cached
      // layers.
      preserveTimestamps: true,
      filter: (source) => !NO_SOURCES.test(basename(source)),
    });
  }
  if (images.includes('worker') && bundle)
    execFileSync(process.execPath, [join(root, 'docker/worker/build.mjs'), join(folder, 'dist')]);
}

/** Writes the build context into a temporary folder, which is deleted after `use`. */
export function withContext<T>(props: ContextProps, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'spotscribe-image-'));
  try {
    writeContext(props, folder);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Whether the CDK command needs bundling; `cdk list` does not. Bundles for all stacks if one needs
 * it, because a path stack refers to images that the foundation builds.
 */
export const bundles = ({ node }: IConstruct): boolean =>
  ((node.tryGetContext(BUNDLING_STACKS) as string[] | undefined) ?? ['**']).length > 0;

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BUNDLING_STACKS } from 'aws-cdk-lib/cx-api';
import type { IConstruct } from 'constructs';
import type { ImageName } from './image-name';

const PACKAGE = join(__dirname, '..', '..');

/** An image that is built: one that a path runs, or the environment that model services stand on. */
export type BuiltImage = ImageName | 'environment';

/** The packages of a model service's image: those of the engines for GPUs, or of a laptop's. */
export type Requirements = 'production' | 'laptop';

/** What of the folder `docker` an image is made of. */
const FILES: Record<BuiltImage, string[]> = {
  worker: ['worker/Dockerfile'],
  environment: [
    'Dockerfile',
    'layers.sh',
    ...['whisper', 'voxtral'].flatMap((service) =>
      ['laptop', 'production'].map((kind) => `${service}/requirements.${kind}.txt`),
    ),
  ],
  whisper: ['Dockerfile', 'common/spotscribe_common', 'whisper/spotscribe_whisper'],
  voxtral: ['Dockerfile', 'common/spotscribe_common', 'voxtral/spotscribe_voxtral'],
};

/** What lies in a folder of sources and is none. */
const NO_SOURCES = /^(__pycache__|.*\.pyc)$/;

export interface ContextProps {
  /** Images whose files are wanted, together in one context. */
  readonly images: readonly BuiltImage[];
  /** Whether the worker is bundled: where nothing is to be built, that is time lost. */
  readonly bundle: boolean;
  /** Folder of this package. @default - the one that this file lies in */
  readonly root?: string;
}

/**
 * Writes into a folder exactly the files that images are made of, and how they are built: a Dockerfile, what it copies, and
 * the script that CodeBuild runs.
 */
export function writeContext({ images, bundle, root = PACKAGE }: ContextProps, folder: string) {
  for (const file of ['build.sh', ...images.flatMap((image) => FILES[image])]) {
    const target = file === 'worker/Dockerfile' ? 'Dockerfile' : file;
    cpSync(join(root, 'docker', file), join(folder, target), {
      recursive: true,
      // Builders other than Docker's take a file of another time for another file, and share no layer then.
      preserveTimestamps: true,
      filter: (source) => !NO_SOURCES.test(basename(source)),
    });
  }
  if (images.includes('worker') && bundle)
    execFileSync(process.execPath, [join(root, 'docker/worker/build.mjs'), join(folder, 'dist')]);
}

/** The same in a folder that is there for as long as it is used. */
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
 * Whether the CDK's command line wants anything bundled; a list of the stacks does not. That it wants it of one stack is
 * enough: that one names the images that another one builds.
 */
export const bundles = ({ node }: IConstruct): boolean =>
  ((node.tryGetContext(BUNDLING_STACKS) as string[] | undefined) ?? ['**']).length > 0;

import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ImageBuilds } from '../../../lib/images/image-builds';
import { ImageRepositories } from '../../../lib/images/image-repositories';
import { PathImages } from '../../../lib/images/path-images';
import type { ImageForm, ProcessImage } from '../../../lib/images/process-image';
import { ServiceImage } from '../../../lib/images/service-image';
import { defaultSettings, type Settings } from '../../../lib/settings';
import { TEMPLATES_ONLY } from '../templates';

/** Root folder of this package. */
export const root = join(__dirname, '..', '..', '..');

type Resource = { Type: string; Properties: Record<string, unknown> };
export type Resources = Record<string, Resource>;

/** The images of a path with both models, from the sources in a folder. */
export function synthesise(
  folder: string,
  settings: Partial<Settings> = {},
  form: ImageForm<ProcessImage> = ServiceImage,
): { paths: Resources; foundation: Resources } {
  const app = new App({ context: TEMPLATES_ONLY });
  const foundation = new Stack(app, 'Foundation');
  const repositories = new ImageRepositories(foundation, 'Images', { onDestroy: 'keep' });
  const builds = new ImageBuilds(foundation, 'ImageBuilds', {
    repositories,
    trees: new Bucket(foundation, 'Trees'),
    root: folder === root ? undefined : folder,
  });
  const stack = new Stack(app, 'Both');
  const images = new PathImages(stack, 'Images', { form, builds, settings: defaultSettings(settings) });
  for (const name of ['worker', 'whisper', 'voxtral'] as const) images.image(name);
  return {
    paths: Template.fromStack(stack).toJSON().Resources as Resources,
    foundation: Template.fromStack(foundation).toJSON().Resources as Resources,
  };
}

/** Properties of the requested images, by name. */
export const requested = (resources: Resources) =>
  Object.fromEntries(
    Object.entries(resources)
      .filter(([, { Type }]) => Type === 'Custom::SpotscribeImage')
      .map(([id, { Properties }]) => [
        /^Images(Worker|Whisper|Voxtral|Environment)/.exec(id)?.[1] ?? '',
        Properties,
      ]),
  );

export const tags = (resources: Resources): Record<string, unknown> =>
  Object.fromEntries(Object.entries(requested(resources)).map(([image, { Tag }]) => [image, Tag]));

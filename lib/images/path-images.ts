import { CfnOutput } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { requirementsOf, type Service, SERVICES } from '../services';
import type { Settings } from '../settings';
import type { ImageSources } from './image-builds';
import type { Requirements } from './families';
import { idOf, type ImageName } from './image-name';
import type { ImageForm, ProcessImage } from './process-image';

export interface PathImagesProps<Image extends ProcessImage> {
  /** What the path's runtime starts processes from. */
  readonly form: ImageForm<Image>;
  readonly builds: ImageSources;
  readonly settings: Settings;
}

/** The images of one path, from the sources that the setting `images` selects. */
export class PathImages<Image extends ProcessImage> extends Construct {
  private readonly known = new Map<ImageName, Image>();

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PathImagesProps<Image>,
  ) {
    super(scope, id);
  }

  /** Returns the image of this name. Two processes of the same name share one image. */
  image(name: ImageName): Image {
    const image = this.known.get(name) ?? this.make(name);
    this.known.set(name, image);
    return image;
  }

  /** Returns the image of a service: one of this package, or its own. */
  imageOf({ name, image }: Service): Image {
    const { form } = this.props;
    switch (image.kind) {
      case 'package':
        return this.image(image.name);
      case 'registry':
        return form.fromRegistry(this, idOf(name), image.uri);
      case 'folder':
        return form.fromFolder(this, idOf(name), image.folder);
    }
  }

  private make(image: ImageName): Image {
    const { form, builds, settings } = this.props;
    const id = idOf(image);
    const requirements = this.requirements(image);
    const origin =
      typeof settings.images === 'string' ? settings.images : (settings.images[image] ?? 'codebuild');
    if (origin === 'local') return form.fromLocalDocker(this, id, { image, requirements });
    if (origin !== 'codebuild') return form.fromRegistry(this, id, origin);
    const made = form.fromSource(this, id, {
      image,
      builds,
      requirements,
      edition: settings.imageEdition,
      scanGate: settings.scanGate,
      acceptedFindings: settings.acceptedFindings,
    });
    new CfnOutput(this, `${id}Scan`, {
      description: `Findings of the scan of the image ${image}`,
      value: made.scan ?? '',
    }).overrideLogicalId(`${id}ImageScan`);
    return made;
  }

  /** Some engines have packages of their own. */
  private requirements(image: ImageName): Requirements {
    return image === 'worker' ? 'production' : requirementsOf(SERVICES[image], this.props.settings);
  }
}

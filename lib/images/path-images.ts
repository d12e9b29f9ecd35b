import { CfnOutput } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Settings } from '../settings';
import type { ImageSources } from './image-builds';
import type { ImageName } from './image-name';
import type { Requirements } from './python-services';
import { ServiceImage } from './service-image';

export interface PathImagesProps {
  readonly builds: ImageSources;
  readonly settings: Settings;
}

/** The images of one path, from the sources that the setting `images` selects. */
export class PathImages extends Construct {
  private readonly known = new Map<ImageName, ServiceImage>();

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PathImagesProps,
  ) {
    super(scope, id);
  }

  /** Returns the image of this name. Two containers of the same name share one image. */
  image(name: ImageName): ServiceImage {
    const image = this.known.get(name) ?? this.make(name);
    this.known.set(name, image);
    return image;
  }

  private make(image: ImageName): ServiceImage {
    const { builds, settings } = this.props;
    const id = image.charAt(0).toUpperCase() + image.slice(1);
    const requirements = this.requirements(image);
    const origin =
      typeof settings.images === 'string' ? settings.images : (settings.images[image] ?? 'codebuild');
    if (origin === 'local') return ServiceImage.fromLocalDocker(this, id, { image, requirements });
    if (origin !== 'codebuild') return ServiceImage.fromRegistry(this, id, origin);
    const made = ServiceImage.fromSource(this, id, {
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

  /** Engines for laptops have their own packages. */
  private requirements(image: ImageName): Requirements {
    const { engine, voxtralEngine } = this.props.settings;
    const onLaptops = image === 'voxtral' ? voxtralEngine === 'extractive' : engine === 'pocketsphinx';
    return onLaptops ? 'laptop' : 'production';
  }
}

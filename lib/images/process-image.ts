import type { Construct } from 'constructs';
import type { AcceptedFinding, ScanGate } from '../../core/images/image-request';
import type { Requirements } from './families';
import type { ImageSources } from './image-builds';
import type { ImageName } from './image-name';

/** What a machine starts a process from. */
export interface ProcessImage {
  /** Where it is. Its parts may be tokens. */
  readonly uri: string;
  /** Findings of the image's scan. Undefined if the image is not scanned. */
  readonly scan?: string;
}

export interface LocalImageProps {
  readonly image: ImageName;
  /** Packages of a model service; the worker ignores them. */
  readonly requirements: Requirements;
}

export interface BuiltImageProps extends LocalImageProps {
  readonly builds: ImageSources;
  /** Changing it rebuilds the image on the current base image and packages. */
  readonly edition: string;
  /** Lowest severity of findings that rejects the image. */
  readonly scanGate: ScanGate;
  readonly acceptedFindings: AcceptedFinding[];
}

/** How images get to machines: for a container runtime through a registry, without one as file systems. */
export interface ImageForm<Image extends ProcessImage> {
  /**
   * CodeBuild builds the image from the sources in this package during deployment, unless an image of
   * the same sources exists.
   */
  fromSource(scope: Construct, id: string, props: BuiltImageProps): Image;
  /** Docker (or the program in `CDK_DOCKER`) builds it here during deployment. */
  fromLocalDocker(scope: Construct, id: string, props: LocalImageProps): Image;
  /**
   * Docker builds it here from a folder with a Dockerfile.
   *
   * @param folder relative to the app's folder
   */
  fromFolder(scope: Construct, id: string, folder: string): Image;
  /** An image of a registry, by its URI with tag or digest. */
  fromRegistry(scope: Construct, id: string, uri: string): Image;
}

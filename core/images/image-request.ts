import type { BuildRequest } from './build-request';

/** The lowest severity of a finding that refuses an image. */
export type ScanGate = 'CRITICAL' | 'HIGH' | 'off';

/** A finding that must not refuse an image, and the reason. */
export interface AcceptedFinding {
  readonly id: string;
  readonly reason: string;
}

/** Properties of the custom resource for an image: the stack's request. */
export interface ImageRequest {
  readonly RepositoryName: string;
  /** Hash of all inputs of the image. */
  readonly Tag: string;
  /**
   * A second tag that belongs to the stack. It marks the image in use, so the repository keeps it.
   */
  readonly HeldAs: string;
  /** The CodeBuild project that builds the image if it does not exist. */
  readonly Project: string;
  /** `<bucket>/<key>` of the build's context. */
  readonly Source: string;
  /** Variables of the build. */
  readonly Variables: Record<string, string>;
  /**
   * `<bucket>/<prefix>` of the file systems of the repository's images, by tag.
   *
   * @default - the image is not stored as a file system
   */
  readonly Trees?: string;
  readonly ScanGate: ScanGate;
  readonly AcceptedFindings: AcceptedFinding[];
}

/** The answer to the stack. */
export type ImageData = Record<'Digest' | 'Scan', string>;

/** The build of the image. */
export const imageBuild = ({ Project, Tag, Variables, Source }: ImageRequest): BuildRequest => ({
  project: Project,
  machine: 'Linux/Medium',
  key: Tag,
  environment: Variables,
  source: Source,
});

import type { BuildRequest } from './build-request';

/** The least severity of a finding that refuses an image. */
export type ScanGate = 'CRITICAL' | 'HIGH' | 'off';

/** A finding that is not to refuse an image, and why. */
export interface AcceptedFinding {
  readonly id: string;
  readonly reason: string;
}

/** Properties of the custom resource that stands for an image: what a stack asks for. */
export interface ImageRequest {
  readonly RepositoryName: string;
  /** Hash of all that the image is made of. */
  readonly Tag: string;
  /** A second tag, the stack's own: it goes with the image in use, which the repository then keeps. */
  readonly HeldAs: string;
  /** The CodeBuild project that makes the image if it is not there. */
  readonly Project: string;
  /** `<bucket>/<key>` of the build's context. */
  readonly Source: string;
  /** Variables of the build. */
  readonly Variables: Record<string, string>;
  readonly ScanGate: ScanGate;
  readonly AcceptedFindings: AcceptedFinding[];
}

/** What the stack is given of the image. */
export type ImageData = Record<'Digest' | 'Scan', string>;

/** How CodeBuild makes it. */
export const imageBuild = ({ Project, Tag, Variables, Source }: ImageRequest): BuildRequest => ({
  project: Project,
  machine: 'Linux/Medium',
  key: Tag,
  environment: Variables,
  source: Source,
});

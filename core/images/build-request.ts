/** Machines of CodeBuild, as its quotas name them. */
export type BuildMachine = 'Linux/Small' | 'Linux/Medium';

export interface BuildRequest {
  project: string;
  /** The project's machine. */
  machine: BuildMachine;
  /** What the build makes, such as a content hash. */
  key: string;
  /** Variables of the build, over the project's own. */
  environment?: Record<string, string>;
  /** `<bucket>/<key>` of a zip file with the sources. @default - the project's own source */
  source?: string;
}

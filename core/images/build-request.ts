/** Build machines, by the names that CodeBuild's quotas use. */
export type BuildMachine = 'Linux/Small' | 'Linux/Medium';

export interface BuildRequest {
  project: string;
  /** The project's machine. */
  machine: BuildMachine;
  /** Identifies the result of the build, such as a content hash. */
  key: string;
  /** Variables of the build. They override the project's. */
  environment?: Record<string, string>;
  /** `<bucket>/<key>` of a zip file with the sources. @default - the project's own source */
  source?: string;
}

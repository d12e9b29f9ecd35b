/** Properties of the custom resource that stands for the models of a path. */
export interface FillRequest {
  readonly Bucket: string;
  /** A list of `WantedModel` as JSON. */
  readonly Models: string;
  /** The CodeBuild project that brings what is missing. */
  readonly Project: string;
}

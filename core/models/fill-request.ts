/** Properties of the custom resource for the models of a path. */
export interface FillRequest {
  readonly Bucket: string;
  /** A list of `WantedModel` as JSON. */
  readonly Models: string;
  /** The CodeBuild project that downloads missing models. */
  readonly Project: string;
}

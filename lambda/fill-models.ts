import { createHash } from 'node:crypto';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { buildOnce } from './codebuild';
import { ENV } from './contract';
import type { WantedModel } from './model-layout';
import { missingModels } from './models-in-bucket';
import { lambdaHandler, type Tools } from './runtime';

/** Properties of the custom resource that stands for the models of a path. */
export interface FillRequest {
  readonly Bucket: string;
  /** A list of `WantedModel` as JSON. */
  readonly Models: string;
  /** The CodeBuild project that brings what is missing. */
  readonly Project: string;
}

/** What the second handler is told by the first one. */
export interface Filling {
  PhysicalResourceId: string;
  /** Undefined if all was there. */
  BuildId?: string;
}

export interface Dependencies {
  s3: S3Client;
  codebuild: CodeBuildClient;
}

/** Starts a build that brings the models which are not in the bucket. Called once for each change of a path's models. */
export const handler = lambdaHandler(
  (): Dependencies => ({ s3: new S3Client(), codebuild: new CodeBuildClient() }),
  fillModels,
);

export async function fillModels(
  event: CloudFormationCustomResourceEvent,
  { s3, codebuild }: Dependencies,
  { logger }: Tools,
): Promise<Filling> {
  const { Bucket, Models, Project } = event.ResourceProperties as unknown as FillRequest;
  // What was brought stays: other paths may use it, and the next deployment.
  if (event.RequestType === 'Delete') return { PhysicalResourceId: event.PhysicalResourceId };
  const PhysicalResourceId = `models-of-${Project}`;
  const missing = await missingModels(s3, Bucket, JSON.parse(Models) as WantedModel[]);
  if (missing.length === 0) return { PhysicalResourceId };
  const models = JSON.stringify(missing);
  const BuildId = await buildOnce(codebuild, {
    project: Project,
    key: createHash('sha256').update(models).digest('hex'),
    environment: { [ENV.models]: models },
  });
  logger.info('waiting for models', { models: missing.map(({ name }) => name), build: BuildId });
  return { PhysicalResourceId, BuildId };
}

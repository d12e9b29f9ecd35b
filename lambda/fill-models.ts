import { createHash } from 'node:crypto';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { type AskedBuild, askForBuild } from './asked-build';
import type { BuildRequest } from './codebuild';
import { ENV } from './contract';
import type { WantedModel } from './model-layout';
import { missingModels } from './models-in-bucket';
import { isOverload } from './overload';
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
export interface Filling extends AskedBuild {
  PhysicalResourceId: string;
  /** What the build brings: a list of `WantedModel` as JSON. Undefined if all was there. */
  Missing?: string;
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
  const missing = await notThere(s3, Bucket, JSON.parse(Models) as WantedModel[]);
  if (missing.length === 0) return { PhysicalResourceId };
  const Missing = JSON.stringify(missing);
  const asked = await askForBuild(codebuild, fillBuild(Project, Missing));
  logger.info('waiting for models', { models: missing.map(({ name }) => name), build: asked.BuildId });
  return { PhysicalResourceId, Missing, ...asked };
}

/** How CodeBuild brings models. */
export const fillBuild = (project: string, models: string): BuildRequest => ({
  project,
  machine: 'Linux/Small',
  key: createHash('sha256').update(models).digest('hex'),
  environment: { [ENV.models]: models },
});

/** The models that are missing. All of them if S3 does not answer now: a build brings no model that is there. */
async function notThere(s3: S3Client, bucket: string, models: WantedModel[]): Promise<WantedModel[]> {
  try {
    return await missingModels(s3, bucket, models);
  } catch (error) {
    if (isOverload(error)) return models;
    throw error;
  }
}

import { createHash } from 'node:crypto';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { type AskedBuild, askForBuild } from '../builds/asked-build';
import type { BuildRequest } from '../../core/images/build-request';
import { ENV } from '../../core/contract/environment';
import type { WantedModel } from '../../core/models/model-layout';
import type { FillRequest } from '../../core/models/fill-request';
import { missingModels } from '../../core/models/models-in-bucket';
import { isOverload } from '../frame/overload';
import { lambdaHandler, type Tools } from '../frame/runtime';

/** The first handler's answer, which the second handler receives. */
export interface Filling extends AskedBuild {
  PhysicalResourceId: string;
  /**
   * The models that the build downloads: a list of `WantedModel` as JSON. Undefined if none was
   * missing.
   */
  Missing?: string;
}

export interface Dependencies {
  s3: S3Client;
  codebuild: CodeBuildClient;
}

/**
 * Starts a build that downloads the missing models to the bucket. Called once for each change of a
 * path's models.
 */
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
  // The models stay: other paths and the next deployment may use them.
  if (event.RequestType === 'Delete') return { PhysicalResourceId: event.PhysicalResourceId };
  const PhysicalResourceId = `models-of-${Project}`;
  const missing = await findMissing(s3, Bucket, JSON.parse(Models) as WantedModel[]);
  if (missing.length === 0) return { PhysicalResourceId };
  const Missing = JSON.stringify(missing);
  const asked = await askForBuild(codebuild, fillBuild(Project, Missing));
  logger.info('waiting for models', { models: missing.map(({ name }) => name), build: asked.BuildId });
  return { PhysicalResourceId, Missing, ...asked };
}

/** The build that downloads models. */
export const fillBuild = (project: string, models: string): BuildRequest => ({
  project,
  machine: 'Linux/Small',
  key: createHash('sha256').update(models).digest('hex'),
  environment: { [ENV.models]: models },
});

/** The missing models. All of them if S3 does not respond: the build skips models that exist. */
async function findMissing(s3: S3Client, bucket: string, models: WantedModel[]): Promise<WantedModel[]> {
  try {
    return await missingModels(s3, bucket, models);
  } catch (error) {
    if (isOverload(error)) return models;
    throw error;
  }
}

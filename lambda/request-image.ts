import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { ECRClient } from '@aws-sdk/client-ecr';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { buildOnce } from './codebuild';
import type { ImageRequest } from './image-request';
import { ImageStore } from './image-store';
import { lambdaHandler, type Tools } from './runtime';

export interface Dependencies {
  ecr: ECRClient;
  codebuild: CodeBuildClient;
}

/** What the second handler is told by the first one. */
export interface Requested {
  PhysicalResourceId: string;
  /** The build that makes the image. Undefined if it was there. */
  BuildId?: string;
}

/** Starts the build of an image that is not there. Called once for each change of a stack's image. */
export const handler = lambdaHandler(
  (): Dependencies => ({ ecr: new ECRClient(), codebuild: new CodeBuildClient() }),
  requestImage,
);

export async function requestImage(
  event: CloudFormationCustomResourceEvent,
  { ecr, codebuild }: Dependencies,
  { logger }: Tools,
): Promise<Requested> {
  const request = event.ResourceProperties as unknown as ImageRequest;
  const images = new ImageStore(ecr, request.RepositoryName);
  // The same for as long as the stack has the resource: another one would have CloudFormation delete the former.
  const PhysicalResourceId = `${request.RepositoryName}:${request.HeldAs}`;
  if (event.RequestType === 'Delete') {
    await images.release(request.HeldAs);
    return { PhysicalResourceId: event.PhysicalResourceId };
  }
  if ((await images.find(request.Tag)) !== undefined) return { PhysicalResourceId };
  const BuildId = await buildOnce(codebuild, {
    project: request.Project,
    key: request.Tag,
    environment: request.Variables,
    source: request.Source,
  });
  logger.info('waiting for a build', { repository: request.RepositoryName, build: BuildId });
  return { PhysicalResourceId, BuildId };
}

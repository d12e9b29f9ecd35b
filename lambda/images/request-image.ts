import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { ECRClient } from '@aws-sdk/client-ecr';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { type AskedBuild, askForBuild } from '../builds/asked-build';
import { type ImageRequest, imageBuild } from '../../core/images/image-request';
import { ImageStore } from './image-store';
import { isOverload } from '../frame/overload';
import { lambdaHandler, type Tools } from '../frame/runtime';

export interface Dependencies {
  ecr: ECRClient;
  codebuild: CodeBuildClient;
}

/** The first handler's answer, which the second handler receives. */
export interface Requested extends AskedBuild {
  PhysicalResourceId: string;
}

/** Starts the build of a missing image. Called once for each change of a stack's image. */
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
  // The id never changes: for a new id, CloudFormation would delete the old resource.
  const PhysicalResourceId = `${request.RepositoryName}:${request.HeldAs}`;
  if (event.RequestType === 'Delete') {
    await images.release(request.HeldAs);
    return { PhysicalResourceId: event.PhysicalResourceId };
  }
  if (await exists(images, request.Tag)) return { PhysicalResourceId };
  const asked = await askForBuild(codebuild, imageBuild(request));
  logger.info('waiting for a build', { repository: request.RepositoryName, build: asked.BuildId });
  return { PhysicalResourceId, ...asked };
}

/** Whether the image exists. If ECR does not respond, the second handler asks again. */
async function exists(images: ImageStore, tag: string): Promise<boolean> {
  try {
    return (await images.find(tag)) !== undefined;
  } catch (error) {
    if (isOverload(error)) return false;
    throw error;
  }
}

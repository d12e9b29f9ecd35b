import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { followBuild, NotYet, untilThere } from '../builds/asked-build';
import { type ImageData, imageBuild, type ImageRequest } from '../../core/images/image-request';
import { ImageStore, type StoredImage } from './image-store';
import { pruneTrees } from './prune-trees';
import type { Requested } from './request-image';
import { lambdaHandler } from '../frame/runtime';
import { scanVerdict } from './scan-gate';

export interface Dependencies {
  ecr: ECRClient;
  codebuild: CodeBuildClient;
  logs: CloudWatchLogsClient;
  s3: S3Client;
}

/** CloudFormation's event with the answer of the first handler. */
export type ReadyEvent = CloudFormationCustomResourceEvent & Requested;

export type Ready = { IsComplete: false } | { IsComplete: true; Data?: ImageData };

/**
 * Checks whether a stack's image is ready, and returns its digest. Called every few seconds until
 * the image is ready or an error is thrown.
 */
export const handler = lambdaHandler(
  (): Dependencies => ({
    ecr: new ECRClient(),
    codebuild: new CodeBuildClient(),
    logs: new CloudWatchLogsClient(),
    s3: new S3Client(),
  }),
  imageReady,
);

/**
 * @throws Error for the user of the deployment: the build failed, the image has the wrong platform,
 *   or its findings refuse it
 */
export async function imageReady(event: ReadyEvent, dependencies: Dependencies): Promise<Ready> {
  if (event.RequestType === 'Delete') return { IsComplete: true };
  return untilThere(event, () => look(event, dependencies));
}

async function look(event: ReadyEvent, dependencies: Dependencies): Promise<Ready> {
  const request = event.ResourceProperties as unknown as ImageRequest;
  const images = new ImageStore(dependencies.ecr, request.RepositoryName);
  const image = await builtImage(event, request, images, dependencies);
  const digest = await images.runnable(image.digest);
  const gate = (await isRollback(event, digest, images)) ? 'off' : request.ScanGate;
  const scan = gate === 'off' ? undefined : await images.scan(digest);
  const sincePush = (Date.now() - image.pushedAt.getTime()) / 1000;
  const verdict = scanVerdict(scan, sincePush, gate, request.AcceptedFindings);
  if (verdict.verdict === 'wait') return { IsComplete: false };
  if (verdict.verdict === 'refuse') throw new Error(refusal(request, verdict.text));
  await images.hold(digest, request.HeldAs);
  // The image is there in any case. The next deployment tries again.
  if (request.Trees !== undefined)
    await pruneTrees(dependencies.s3, images, request.Trees).catch(() => undefined);
  return { IsComplete: true, Data: { Digest: digest, Scan: verdict.text } };
}

/**
 * Whether CloudFormation rolls the stack back to the image that it runs. New findings must not
 * refuse that image: the stack would end in UPDATE_ROLLBACK_FAILED.
 */
async function isRollback(event: ReadyEvent, digest: string, images: ImageStore): Promise<boolean> {
  if (event.RequestType !== 'Update') return false;
  const { Tag, HeldAs } = event.ResourceProperties as unknown as ImageRequest;
  const { Tag: left } = event.OldResourceProperties as unknown as ImageRequest;
  return left !== Tag && (await images.find(HeldAs))?.digest === digest;
}

/**
 * The built image. The build's state is read first, because the image may arrive between the two
 * calls.
 *
 * @throws NotYet while it is built
 */
async function builtImage(
  event: ReadyEvent,
  request: ImageRequest,
  images: ImageStore,
  dependencies: Dependencies,
): Promise<StoredImage> {
  const there = event.BuildId === undefined ? await images.find(request.Tag) : undefined;
  if (there !== undefined) return there;
  const build = await followBuild(dependencies, event, imageBuild(request));
  if (build.state === 'running') throw new NotYet(`${build.text}. Deploy again when it has finished`);
  const image = await images.find(request.Tag);
  if (image !== undefined) return image;
  throw new Error(
    build.state === 'failed'
      ? `${build.text}\nWhat to do: docs/runbook.md, "A deployment’s build fails"`
      : `The image ${request.RepositoryName}:${request.Tag} does not exist, although its build succeeded: deploy again`,
  );
}

const refusal = ({ RepositoryName, Tag }: ImageRequest, text: string): string =>
  `The image ${RepositoryName}:${Tag} is refused for ${text}. Change the setting "imageEdition" to rebuild it with ` +
  'current packages, or accept each finding with its reason in the setting "acceptedFindings": ' +
  'docs/runbook.md, "A deployment refuses an image for its findings"';

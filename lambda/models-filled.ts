import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { buildState } from './codebuild';
import type { Filling, FillRequest } from './fill-models';
import type { WantedModel } from './model-layout';
import { missingModels } from './models-in-bucket';
import { lambdaHandler } from './runtime';

export interface Dependencies {
  s3: S3Client;
  codebuild: CodeBuildClient;
  logs: CloudWatchLogsClient;
}

export type Filled = { IsComplete: false } | { IsComplete: true; Data?: { LeftOut: string } };

/** Says whether a path's models are in the bucket. Asked every few seconds until they are or an error is thrown. */
export const handler = lambdaHandler(
  (): Dependencies => ({
    s3: new S3Client(),
    codebuild: new CodeBuildClient(),
    logs: new CloudWatchLogsClient(),
  }),
  modelsFilled,
);

/** @throws Error for the user of the deployment: a required model could not be brought */
export async function modelsFilled(
  event: CloudFormationCustomResourceEvent & Filling,
  { s3, codebuild, logs }: Dependencies,
): Promise<Filled> {
  if (event.RequestType === 'Delete') return { IsComplete: true };
  const { Bucket, Models } = event.ResourceProperties as unknown as FillRequest;
  const build =
    event.BuildId === undefined ? undefined : await buildState({ codebuild, logs }, event.BuildId);
  if (build?.state === 'running') return { IsComplete: false };
  const missing = await missingModels(s3, Bucket, JSON.parse(Models) as WantedModel[]);
  const required = missing.filter((model) => model.required).map(({ name }) => name);
  if (required.length > 0) {
    const why = build?.state === 'failed' ? `${build.text}\n` : '';
    throw new Error(
      `${why}Not in the bucket ${Bucket}: ${required.join(', ')}. What to do: docs/runbook.md, "A deployment brings no models"`,
    );
  }
  return { IsComplete: true, Data: { LeftOut: missing.map(({ name }) => name).join(', ') || 'none' } };
}

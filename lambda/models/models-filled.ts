import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { followBuild, NotYet, untilThere } from '../builds/asked-build';
import { fillBuild, type Filling } from './fill-models';
import type { FillRequest } from '../../core/models/fill-request';
import type { WantedModel } from '../../core/models/model-layout';
import { missingModels } from '../../core/models/models-in-bucket';
import { lambdaHandler } from '../frame/runtime';

export interface Dependencies {
  s3: S3Client;
  codebuild: CodeBuildClient;
  logs: CloudWatchLogsClient;
}

export type Filled = { IsComplete: false } | { IsComplete: true; Data?: { LeftOut: string } };

/**
 * Checks whether a path's models are in the bucket. Called every few seconds until they are or an
 * error is thrown.
 */
export const handler = lambdaHandler(
  (): Dependencies => ({
    s3: new S3Client(),
    codebuild: new CodeBuildClient(),
    logs: new CloudWatchLogsClient(),
  }),
  modelsFilled,
);

type FilledEvent = CloudFormationCustomResourceEvent & Filling;

/** @throws Error for the user of the deployment: a required model could not be downloaded */
export async function modelsFilled(event: FilledEvent, dependencies: Dependencies): Promise<Filled> {
  if (event.RequestType === 'Delete') return { IsComplete: true };
  return untilThere(event, () => look(event, dependencies));
}

async function look(event: FilledEvent, { s3, codebuild, logs }: Dependencies): Promise<Filled> {
  const { Bucket, Models, Project } = event.ResourceProperties as unknown as FillRequest;
  const wanted = JSON.parse(Models) as WantedModel[];
  const before = event.BuildId === undefined ? await missingModels(s3, Bucket, wanted) : undefined;
  // It is the same in each call, because it identifies the build.
  const { Missing = JSON.stringify(before ?? wanted) } = event;
  const build =
    before?.length === 0
      ? undefined
      : await followBuild({ codebuild, logs }, event, fillBuild(Project, Missing));
  if (build?.state === 'running') throw new NotYet(`${build.text}. Deploy again when it has finished`);
  const missing = await missingModels(s3, Bucket, wanted);
  const required = missing.filter((model) => model.required).map(({ name }) => name);
  if (required.length > 0) {
    const why = build?.state === 'failed' ? `${build.text}\n` : '';
    throw new Error(
      `${why}Missing in the bucket ${Bucket}: ${required.join(', ')}. What to do: docs/runbook.md, "A deployment brings no models"`,
    );
  }
  return { IsComplete: true, Data: { LeftOut: missing.map(({ name }) => name).join(', ') || 'none' } };
}

import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, type GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { JobRow } from '../../core/contract/job';
import { JobStore } from '../../core/jobs/job-store';
import { type Dependencies, readJob } from '../../lambda/api/read-job';
import { httpHandler } from '../../lambda/frame/http';
import { JOB_ID, lambdaContext, request, TABLE } from './support';

/** Reads the result of a job, whose row and object are given. */
export class ResultReader {
  readonly s3 = mockClient(S3Client);
  private readonly dynamo = mockClient(DynamoDBDocumentClient);
  private readonly dependencies: Dependencies = {
    store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
    fleet: { shortage: async () => ({}) },
    s3: new S3Client(),
    bucket: 'media',
  };
  readonly handler = httpHandler(() => this.dependencies, readJob);

  /** @param path of the result, such as `/v1/jobs/job_…/embedding` */
  constructor(readonly path: string) {}

  reset(): void {
    this.dynamo.reset();
    this.s3.reset();
  }

  read = (query?: Record<string, string>) =>
    this.handler(request({ id: JOB_ID, path: this.path, query }), lambdaContext);

  given = (item: JobRow) => void this.dynamo.on(GetCommand).resolves({ Item: item });

  contains = (content: object) => {
    const Body = Object.assign(Readable.from([JSON.stringify(content)]), {
      transformToString(this: Readable) {
        return text(this);
      },
    });
    this.s3.on(GetObjectCommand).resolves({ Body } as unknown as GetObjectCommandOutput);
  };
}

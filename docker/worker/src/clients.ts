import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The worker's AWS clients. */
export interface Clients {
  documents: DynamoDBDocumentClient;
  /**
   * For checking API keys: separate connections and short timeouts, so that requests with unknown
   * keys do not delay jobs.
   */
  keys: DynamoDBDocumentClient;
  s3: S3Client;
  sqs: SQSClient;
  events: EventBridgeClient;
  autoScaling: AutoScalingClient;
}

/** A worker has time for more retries than the SDK makes by default. */
export const PATIENT = { maxAttempts: 6 };

const requestHandler = (requestTimeout: number) => ({
  connectionTimeout: 3_000,
  requestTimeout,
  throwOnRequestTimeout: true,
});

export const createClients = (): Clients => ({
  documents: DynamoDBDocumentClient.from(
    new DynamoDBClient({ ...PATIENT, requestHandler: requestHandler(5_000) }),
    { marshallOptions: { removeUndefinedValues: true } },
  ),
  keys: DynamoDBDocumentClient.from(
    new DynamoDBClient({ maxAttempts: 2, requestHandler: requestHandler(2_000) }),
  ),
  s3: new S3Client({ ...PATIENT, requestHandler: requestHandler(20_000) }),
  // A ReceiveMessage request may last 20 seconds.
  sqs: new SQSClient({ ...PATIENT, requestHandler: requestHandler(30_000) }),
  events: new EventBridgeClient({ ...PATIENT, requestHandler: requestHandler(5_000) }),
  autoScaling: new AutoScalingClient({ ...PATIENT, requestHandler: requestHandler(10_000) }),
});

/** Closes the connections of the clients. */
export function destroyClients({ documents, keys, s3, sqs, events, autoScaling }: Clients): void {
  for (const client of [documents, keys, s3, sqs, events, autoScaling]) client.destroy();
}

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** DynamoDB as plain objects; attributes that are undefined are left out. */
export const documentClient = () =>
  DynamoDBDocumentClient.from(new DynamoDBClient(), { marshallOptions: { removeUndefinedValues: true } });

/** S3 without the SDK's own checksums, which it would sign into the address of an upload it has not seen. */
export const s3Client = () => new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' });

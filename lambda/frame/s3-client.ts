import { S3Client } from '@aws-sdk/client-s3';

/** S3 without the SDK's own checksums, which it would sign into the address of an upload it has not seen. */
export const s3Client = () => new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' });

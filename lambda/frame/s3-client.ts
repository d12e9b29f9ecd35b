import { S3Client } from '@aws-sdk/client-s3';

/**
 * S3 client that adds checksums only where they are required. Otherwise the SDK would sign a
 * checksum into upload URLs, before the content is known.
 */
export const s3Client = () => new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' });

import type { S3Client } from '@aws-sdk/client-s3';
import type { Log } from './log';
import type { ModelFetchSettings } from './settings';
export async function fetchModels(_s: ModelFetchSettings, _c: S3Client, _l: Log): Promise<void> {}

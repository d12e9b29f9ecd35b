import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ApiClient } from '../cli/api/client';
import { upload } from '../cli/transcribe/upload';

/** Creates a job for a file and uploads it, like the command line; resolves to the job's id. */
export async function submit(api: ApiClient, path: string, signal: AbortSignal): Promise<string> {
  const { size } = statSync(path);
  const job = await api.submit({ name: basename(path), size, options: { language: 'en' } }, randomUUID());
  if (job.upload === undefined) throw new Error(`Job ${job.id} has no upload URL`);
  await upload({ path, size }, job.upload, () => undefined, signal);
  return job.id;
}

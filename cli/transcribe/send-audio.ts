import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { JobView } from '../../core/contract/job';
import type { ApiClient } from '../api/client';
import { ApiError, CliError } from '../errors';
import { type Audio, contentHash, findOrMakeJob } from './idempotency';
import type { Input } from './inputs';
import { Retryable, retrying } from '../api/retry';
import type { Run, FileTask } from './trip';
import { upload } from './upload';
import { type SentParts, uploadParts } from './upload-parts';

/** A job whose audio is uploaded, and the SHA-256 of the audio in hex. */
export interface Sent {
  job: JobView;
  hash: string;
}

/** Uploads the audio of a file to its job, unless an earlier run has done so. */
export async function sendAudio({ input, client, patience, watch }: FileTask, run: Run): Promise<Sent> {
  patience.signal?.throwIfAborted();
  watch({ at: 'reading' });
  const audio: Audio = {
    hash: await contentHash(input.path, patience.signal),
    name: basename(input.path),
    size: input.size,
    options: run.options,
    named: run.named,
    priority: run.priority,
    salt: run.newJob ? randomUUID() : '',
  };
  const progress = (sent: number) => watch({ at: 'uploading', fraction: sent / input.size });
  let uploaded = false;
  // After a failed upload, ask the API again: it knows whether the audio arrived, and gives a new
  // URL.
  const job = await retrying(patience, async (): Promise<JobView> => {
    const found = await findOrMakeJob(client, audio);
    if (found.multipart_upload !== undefined) {
      const parts = await uploadParts(input, found.multipart_upload, run.parts, progress, patience);
      return completeUpload(found.id, parts, input, client);
    }
    if (found.upload === undefined || uploaded) return found;
    await upload(input, found.upload, progress, patience.signal);
    uploaded = true;
    return found;
  });
  if (uploaded) await refuseChanged(input);
  return { job, hash: audio.hash };
}

/** Completes a multipart upload, unless the file has changed since the first part was sent. */
async function completeUpload(
  id: string,
  parts: SentParts,
  input: Input,
  client: ApiClient,
): Promise<JobView> {
  await refuseChanged(input);
  try {
    return await client.completeUpload(id, parts);
  } catch (error) {
    const mayPass = error instanceof ApiError && ['not_ready', 'upload_expired'].includes(error.code);
    // Another run of the same file sent a part again, or the job has ended: ask the API again.
    throw mayPass ? new Retryable(error) : error;
  }
}

async function refuseChanged({ path, size, modifiedMs }: Input) {
  const now = await stat(path).catch(() => undefined);
  if (now?.size === size && now.mtimeMs === modifiedMs) return;
  throw new CliError('file_changed', `${path} changed during the upload. Run the command again`);
}

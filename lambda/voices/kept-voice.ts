import type { S3Client } from '@aws-sdk/client-s3';
import { KEY } from '../../core/contract/keys';
import type { Voice, VoiceView } from '../../core/contract/voices';
import type { JobStore } from '../../core/jobs/job-store';
import { eraseVersions, versionsOf } from '../../core/jobs/object-versions';
import type { VoiceStore } from '../../core/voices/voice-store';

export interface Dependencies {
  store: Pick<JobStore, 'usage'>;
  voices: VoiceStore;
  s3: S3Client;
  bucket: string;
}

/** A voice as the API shows it, without its recording. */
export const voiceView = ({ id, name, consent, created_at }: Voice): VoiceView => ({
  ...{ id, object: 'voice', name, consent, created_at },
});

/** Permanently deletes the recording of a voice. */
export async function eraseRecording(
  tenant: string,
  id: string,
  { s3, bucket }: Pick<Dependencies, 's3' | 'bucket'>,
): Promise<void> {
  await eraseVersions(s3, bucket, await versionsOf(s3, bucket, KEY.voice(tenant, id)));
}

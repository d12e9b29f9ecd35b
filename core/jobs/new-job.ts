import type { JobOptions } from '../contract/work/options';
import type { Priority } from '../contract/names';
import type { CustomTask, DeployedTasks, JobTasks } from '../contract/tasks';
import { tasksIn } from '../tasks';
import { secondsOf } from './job-changes';
import { stagesAs } from './job-tasks';
import type { JobRow } from '../contract/job';
import type { InputVersion } from './job-store';

/** The row of a new job, which awaits its input. */
export function newJob(job: {
  id: string;
  tenant: string;
  /** Id of the key whose quota the job uses. @default - none */
  keyId?: string;
  name: string;
  origin: JobRow['origin'];
  inputKey: string;
  /** The object version that is the job's input. @default - the input has not arrived */
  input?: InputVersion;
  tasks: JobTasks;
  /** The tasks of the deployment. */
  deployed: DeployedTasks;
  /** The transcription and the analysis of `tasks`, as the client sees them. */
  options: JobOptions;
  /** @default - not known */
  mediaType?: string;
  /** Keys of recordings of known speakers. @default - none */
  speakerRecordings?: string[];
  /** @default 'normal' */
  priority?: Priority;
  now: Date;
  /** Epoch seconds after which the upload is no longer accepted. */
  uploadUntil: number;
  retentionDays: number;
  /** Size of a multipart upload in bytes. @default - the input is uploaded in one piece */
  partedSize?: number;
}): JobRow {
  const now = job.now.toISOString();
  return {
    id: job.id,
    tenant: job.tenant,
    ...(job.keyId !== undefined && { key_id: job.keyId }),
    status: 'awaiting_upload',
    name: job.name,
    origin: job.origin,
    input_key: job.inputKey,
    ...(job.input?.version !== undefined && { input_version: job.input.version }),
    ...(job.input?.etag !== undefined && { input_etag: job.input.etag }),
    ...(job.partedSize !== undefined && { upload_size: job.partedSize }),
    tasks: job.tasks,
    ...(job.tasks.custom !== undefined && job.deployed.custom && { custom: described(job.deployed.custom) }),
    // Also read by workers of the previous release.
    options: job.options,
    ...(job.mediaType !== undefined && { media_type: job.mediaType }),
    ...(job.speakerRecordings !== undefined && { speaker_recordings: job.speakerRecordings }),
    ...(job.priority === 'bulk' && { priority: job.priority }),
    created_at: now,
    updated_at: now,
    progress: 0,
    stages: stagesAs('waiting', tasksIn(job.tasks)),
    degraded: [],
    attempt: 0,
    open: 'open',
    sweep_at: job.uploadUntil,
    expires_at: secondsOf(job.now) + job.retentionDays * 86_400,
  };
}

const described = ({ unit, result_type }: CustomTask) => ({ unit, result_type });

/** Name of an input whose client gave none. */
export const DEFAULT_NAME = 'input';

const MAX_NAME = 255;

/**
 * A client's file name for display: any script, but no control or direction characters, no folders
 * and no lone surrogates.
 */
export function displayName(name: string): string {
  const shown = (name.split(/[\\/]/).at(-1) ?? '').replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '');
  return [...shown].slice(0, MAX_NAME).join('').trim().toWellFormed() || DEFAULT_NAME;
}

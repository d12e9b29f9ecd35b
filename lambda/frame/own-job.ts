import { JOB_ID_PATTERN } from '../../core/contract/keys';
import type { JobRow } from '../../core/contract/job';
import { jobNotFound } from './refusal';
import type { JobStore } from '../../core/jobs/job-store';

/**
 * The caller's job.
 *
 * @throws Refusal (404) if the id is unknown or malformed, or the job is another tenant's
 */
export async function ownJob(id: string, tenant: string, store: JobStore): Promise<JobRow> {
  const row = new RegExp(JOB_ID_PATTERN).test(id) ? await store.get(id) : undefined;
  if (row?.tenant !== tenant) throw jobNotFound(id);
  return row;
}

import type { JobRow, JobView } from './contract';

/** A job as its owner sees it. */
export function view(row: JobRow): JobView {
  return {
    id: row.id,
    object: 'job',
    status: row.status,
    name: row.name,
    origin: row.origin,
    options: row.options,
    created_at: row.created_at,
    queued_at: row.queued_at,
    started_at: row.started_at,
    finished_at: row.finished_at,
    progress: row.progress,
    stages: row.stages,
    degraded: row.degraded,
    error: row.error,
    receipt: row.receipt,
  };
}

import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { announce } from '../../../../core/jobs/completion';
import type { JobRow } from '../../../../core/contract/job';
import { KEY } from '../../../../core/contract/keys';
import type { Machine } from '../../../../core/contract/machine';
import type { JobStore } from '../../../../core/jobs/job-store';
import { receipt } from '../../../../core/prices/prices';
import type { JobWork } from './job-work';
import type { JsonObjects } from './json-objects';
import type { Outcome } from './steps';
import { stagesAtEnd } from './stages';

export interface EndingTools {
  events: EventBridgeClient;
  store: JobStore;
  objects: JsonObjects;
  path: string;
  machine: Machine;
}

/** Writes the results at the end of jobs, in the correct order. */
export class Endings {
  constructor(private readonly tools: EndingTools) {}

  /**
   * Writes the results, then the row that names them. Callers see the results only with the row.
   *
   * @throws StaleAttempt if the job no longer belongs to this attempt
   */
  async commit(
    row: JobRow,
    outcome: Outcome,
    work: Pick<JobWork, 'published' | 'processingSeconds' | 'understands'>,
  ): Promise<JobRow> {
    const { store, machine, objects } = this.tools;
    const { id, attempt } = row;
    const { transcript, analysis } = outcome;
    const transcript_key = transcript && (work.published ?? KEY.transcript(id, attempt));
    const analysis_key = analysis && KEY.analysis(id, attempt);
    await Promise.all([
      transcript && work.published === undefined && objects.write(KEY.transcript(id, attempt), transcript),
      analysis && objects.write(KEY.analysis(id, attempt), analysis),
    ]);
    const now = new Date();
    const sinceQueued = (now.getTime() - Date.parse(row.queued_at ?? row.created_at)) / 1000;
    const audio = (transcript ?? analysis)?.duration ?? 0;
    return store.commit(
      row,
      {
        ...(transcript_key !== undefined && { transcript_key }),
        ...(analysis_key !== undefined && { analysis_key }),
        receipt: receipt(machine, { audio, sinceQueued, processing: work.processingSeconds }),
        degraded: outcome.degraded,
        stages: stagesAtEnd(row.options, outcome, work.understands),
      },
      now,
    );
  }

  /** Announces the end and removes the checkpoint. A repetition does no harm. */
  async announce(row: JobRow): Promise<void> {
    const { events, path, objects } = this.tools;
    await Promise.all([announce(events, path, row), objects.remove([KEY.checkpoint(row.id)])]);
  }

  /**
   * Erases the objects of an attempt whose job was cancelled or taken over by another worker.
   *
   * @param now current row of the job, if it continues; objects named in it are kept
   */
  async eraseAttempt({ id, attempt }: JobRow, now?: JobRow): Promise<void> {
    const named = now === undefined ? [] : [now.transcript_key, now.analysis_key, KEY.checkpoint(id)];
    const written = [KEY.transcript(id, attempt), KEY.analysis(id, attempt), KEY.checkpoint(id)];
    await this.tools.objects.remove(written.filter((key) => !named.includes(key)));
  }
}

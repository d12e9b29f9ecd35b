import type { S3Client } from '@aws-sdk/client-s3';
import {
  type Checkpoint,
  type ErrorCode,
  type JobRow,
  SHARED,
  type TranscribeRequest,
  type Transcript,
} from '../../../lambda/contract';
import { SpotscribeError } from '../../../lambda/errors';
import type { JobStore } from '../../../lambda/job-store';
import type { Checkpoints } from './checkpoints';
import { download } from './download';
import { ModelServiceFailed } from './errors';
import type { Lease } from './lease';
import type { Log } from './log';
import type { ModelService } from './model-service';
import { ProgressReporter } from './progress';
import type { Scratch } from './scratch';
import type { Stopwatch } from './stopwatch';
import { Transcription } from './transcription';
import type { Turn } from './turn';

/** Codes that may be the fault of what an earlier attempt left, which comes with the request and makes it large. */
const REFUSALS: ErrorCode[] = ['invalid_request', 'upload_too_large'];

/** What the work on a job needs. */
export interface WorkTools {
  s3: S3Client;
  bucket: string;
  store: JobStore;
  scratch: Scratch;
  checkpoints: Checkpoints;
  model: ModelService;
  /** Of the model: one job at a time. */
  turn: Turn;
  log: Log;
  /** Largest audio in bytes. */
  maxUploadBytes: number;
  /** Longest audio in seconds. */
  maxAudioSeconds: number;
  /** Shortest time between checkpoints. */
  checkpointMs: number;
}

/** One attempt's work on a job: from its audio in S3 to its transcript, which is not committed here. */
export class JobWork {
  private earlier: Checkpoint | undefined;
  private transcription: Transcription | undefined;
  /** Seconds that machines spent on the job before this attempt. */
  private spent = 0;
  private savedAt = Date.now();
  /** Seconds up to which the checkpoint in S3 reaches. */
  private savedEnd = 0;
  /** Epoch milliseconds from which this machine's time is this job's. */
  private began = Infinity;
  private ended: number | undefined;
  private readonly progress: ProgressReporter;

  constructor(
    private readonly row: JobRow,
    private readonly lease: Lease,
    private readonly tools: WorkTools,
    private readonly watch: Stopwatch,
    private readonly receivedAt: number,
  ) {
    this.progress = new ProgressReporter(row, tools.store, tools.log, (error) => lease.lose(error));
  }

  /**
   * @throws SpotscribeError, permanent if the audio is at fault
   * @throws the signal's reason if it is aborted
   */
  async transcript(signal: AbortSignal): Promise<Transcript> {
    const { turn } = this.tools;
    await Promise.all([this.fetchAudio(signal), this.fetchCheckpoint()]);
    this.watch.lap('download');
    const leave = await turn.take(signal);
    try {
      this.watch.lap('model_wait');
      // Before the job ahead let go of the model, the machine's time was on that job's receipt.
      this.began = Math.max(this.receivedAt, turn.freeSince);
      return await this.transcribe(signal);
    } finally {
      this.ended = Date.now();
      leave();
      await this.progress.settle();
      this.watch.lap('model');
    }
  }

  /** Seconds that machines have spent on the job, by earlier attempts too. */
  get processingSeconds(): number {
    return this.spent + Math.max(0, (this.ended ?? Date.now()) - this.began) / 1000;
  }

  /** Leaves what was heard for the next attempt. */
  async saveCheckpoint(): Promise<void> {
    if (this.transcription === undefined) return;
    const { id } = this.row;
    const checkpoint = { ...this.transcription.checkpoint(), processing_seconds: this.processingSeconds };
    await this.tools.checkpoints.save(id, checkpoint);
    this.savedAt = Date.now();
    this.savedEnd = checkpoint.end;
  }

  private async fetchAudio(signal: AbortSignal): Promise<void> {
    const { s3, bucket, scratch, maxUploadBytes } = this.tools;
    const { id, input_key } = this.row;
    const file = await scratch.prepare(id);
    const limits = { maxBytes: maxUploadBytes, freeBytes: () => scratch.free() };
    await download(s3, { Bucket: bucket, Key: input_key }, file, limits, signal);
  }

  private async fetchCheckpoint(): Promise<void> {
    const { id, attempt } = this.row;
    if (attempt > 1) this.earlier = await this.tools.checkpoints.load(id);
    this.spent = this.earlier?.processing_seconds ?? 0;
  }

  private async transcribe(signal: AbortSignal): Promise<Transcript> {
    try {
      return await this.listen(signal);
    } catch (error) {
      const refused = error instanceof SpotscribeError && REFUSALS.includes(error.code);
      if (!refused || this.earlier === undefined) throw error;
      this.tools.log.warn({ job: this.row.id, err: error }, 'checkpoint refused: beginning again');
      this.earlier = undefined;
      return this.listen(signal);
    }
  }

  private async listen(signal: AbortSignal): Promise<Transcript> {
    const transcription = (this.transcription = new Transcription(this.row, this.earlier));
    this.savedEnd = transcription.end;
    const request: TranscribeRequest = {
      ...this.row.options,
      path: SHARED.input(this.row.id),
      max_seconds: this.tools.maxAudioSeconds,
      ...(this.earlier !== undefined && whatIsDone(this.earlier)),
    };
    for await (const event of this.tools.model.transcribe(request, signal)) {
      transcription.take(event);
      if (event.type === 'segment' || event.type === 'result') continue;
      this.progress.report(transcription);
      // At a stage's events too: after the last window diarization may take minutes.
      await this.keepCheckpoint(transcription);
    }
    if (transcription.transcript === undefined)
      throw new ModelServiceFailed('The model service sent no result');
    return transcription.transcript;
  }

  private async keepCheckpoint({ end }: Transcription): Promise<void> {
    const { checkpointMs, log } = this.tools;
    if (end === this.savedEnd || Date.now() - this.savedAt < checkpointMs) return;
    // Objects know no conditions on rows: whoever has lost the job must not write over its new owner's checkpoint.
    if (!(await this.lease.holds())) return;
    await this.saveCheckpoint().catch((error: unknown) => {
      log.warn({ job: this.row.id, err: error }, 'checkpoint not saved');
    });
  }
}

const whatIsDone = ({ end, segments, degraded }: Checkpoint) => ({
  start_at: end,
  earlier: segments,
  ...(degraded !== undefined && { earlier_degraded: degraded }),
});

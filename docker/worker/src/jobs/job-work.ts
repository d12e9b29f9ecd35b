import type { Analysis, AnalyzeEvent } from '../../../../core/contract/analysis';
import { Checkpoint, Transcript } from '../../../../core/contract/transcript';
import type { ErrorCode } from '../../../../core/contract/names';
import type { JobRow } from '../../../../core/contract/job';
import { KEY, SHARED } from '../../../../core/contract/keys';
import type { TranscribeEvent, TranscribeRequest } from '../../../../core/contract/transcription';
import { SpotscribeError } from '../../../../core/contract/errors';
import type { JobStore } from '../../../../core/jobs/job-store';
import { type AudioTools, fetchAudio } from './job-audio';
import type { JsonObjects } from './json-objects';
import type { Lease } from './lease';
import type { Log } from '../log';
import type { TimeShare } from './machine-time';
import { analysisOptions, type Models, speechOptions } from '../services/models';
import { ProgressReporter } from './progress';
import { runSteps, type Outcome } from './steps';
import { stagesOf } from './stages';
import { JobProgress } from './job-progress';
import type { Stopwatch } from './stopwatch';
import { Transcription } from './transcription';

/**
 * Error codes that may be caused by the checkpoint of an earlier attempt, which is part of the
 * request.
 */
const REFUSALS: ErrorCode[] = ['invalid_request', 'upload_too_large'];

/** Dependencies of the work on a job. */
export interface WorkTools extends AudioTools {
  store: JobStore;
  objects: JsonObjects;
  models: Models;
  log: Log;
  /** Longest audio in seconds. */
  maxAudioSeconds: number;
  /** Shortest time between checkpoints, in milliseconds. */
  checkpointMs: number;
}

/** One attempt of a job: from the audio in S3 to the outcome. The caller commits the outcome. */
export class JobWork {
  /** Key of the transcript, once callers can read it. */
  published: string | undefined;
  private earlier: Checkpoint | undefined;
  /** Published transcript of an earlier attempt. */
  private heard: Transcript | undefined;
  private transcription: Transcription | undefined;
  /** Machine seconds of earlier attempts. */
  private spent = 0;
  private savedAt = Date.now();
  /** End of the checkpoint in S3, in seconds of audio. */
  private savedEnd = 0;
  private shown: JobProgress;
  private analyzed = false;
  private readonly wanted;
  private readonly progress: ProgressReporter;

  constructor(
    private readonly row: JobRow,
    private readonly lease: Lease,
    private readonly tools: WorkTools,
    private readonly watch: Stopwatch,
    private readonly time: TimeShare,
  ) {
    this.progress = new ProgressReporter(row, tools.store, tools.log, (error) => lease.lose(error));
    this.wanted = analysisOptions(row.options, tools.models);
    this.shown = new JobProgress(row.options, this.wanted !== undefined);
  }

  /**
   * @throws SpotscribeError, permanent if the audio is the cause
   * @throws the reason of the signal if it is aborted
   */
  async run(signal: AbortSignal): Promise<Outcome> {
    await Promise.all([fetchAudio(this.tools, this.row, signal), this.fetchEarlier()]);
    this.watch.lap('download');
    const resumed = this.earlier !== undefined || this.heard !== undefined;
    this.shown = new JobProgress(
      this.row.options,
      this.wanted !== undefined,
      resumed ? this.row.progress : 0,
    );
    try {
      return await runSteps(
        {
          transcribe: (joint) => this.transcript(joint),
          ...(this.wanted !== undefined && { analyze: (joint) => this.analysis(joint) }),
        },
        signal,
      );
    } finally {
      this.time.end();
      await this.progress.settle();
      this.watch.lap(this.wanted === undefined ? 'model' : 'analysis');
    }
  }

  /** Whether the job has an analysis. */
  get understands(): boolean {
    return this.wanted !== undefined;
  }

  /** Machine seconds of the job, including earlier attempts. */
  get processingSeconds(): number {
    return this.spent + this.time.seconds;
  }

  /** Saves the transcript so far and the machine time for the next attempt. */
  async saveCheckpoint(): Promise<void> {
    const whole = this.heard && { end: this.heard.duration, segments: this.heard.segments };
    const heard = this.transcription?.checkpoint() ?? this.earlier ?? whole;
    if (heard === undefined) return;
    const { id } = this.row;
    const checkpoint: Checkpoint = { ...heard, processing_seconds: this.processingSeconds };
    await this.tools.objects.write(KEY.checkpoint(id), checkpoint);
    this.savedAt = Date.now();
    this.savedEnd = checkpoint.end;
  }

  private async fetchEarlier(): Promise<void> {
    const { id, attempt, transcript_key } = this.row;
    if (attempt === 1) return;
    const { objects } = this.tools;
    [this.earlier, this.heard] = await Promise.all([
      objects.read(KEY.checkpoint(id), Checkpoint),
      transcript_key === undefined ? undefined : objects.read(transcript_key, Transcript),
    ]);
    this.spent = this.earlier?.processing_seconds ?? 0;
    if (this.heard !== undefined) this.published = transcript_key;
  }

  private async transcript(signal: AbortSignal): Promise<Transcript> {
    const transcript = this.heard ?? (await this.transcribe(signal));
    this.watch.lap('model');
    if (this.wanted !== undefined) await this.publish(transcript);
    return transcript;
  }

  /** Lets callers read the transcript while the analysis is running. */
  private async publish(transcript: Transcript): Promise<void> {
    const { id, attempt, options } = this.row;
    if (this.published === undefined && !this.analyzed) {
      const key = KEY.transcript(id, attempt);
      await this.tools.objects.write(key, transcript);
      await this.progress.settle();
      await this.tools.store.publish(
        id,
        attempt,
        { transcript_key: key, degraded: transcript.degraded },
        new Date(),
      );
      this.published = key;
    }
    this.shown.transcribed(1, stagesOf(options, transcript));
    this.progress.report(this.shown);
  }

  private async transcribe(signal: AbortSignal): Promise<Transcript> {
    try {
      return await this.listen(signal);
    } catch (error) {
      const refused = error instanceof SpotscribeError && REFUSALS.includes(error.code);
      if (!refused || this.earlier === undefined) throw error;
      this.tools.log.warn({ job: this.row.id, err: error }, 'checkpoint refused: starting again');
      this.earlier = undefined;
      return this.listen(signal);
    }
  }

  private async listen(signal: AbortSignal): Promise<Transcript> {
    const transcription = (this.transcription = new Transcription(this.earlier));
    this.savedEnd = transcription.end;
    const request: TranscribeRequest = {
      ...speechOptions(this.row.options),
      path: SHARED.input(this.row.id),
      max_seconds: this.tools.maxAudioSeconds,
      ...(this.earlier !== undefined && whatIsDone(this.earlier)),
    };
    const begin = () => {
      this.watch.lap('model_wait');
      return this.time.work();
    };
    const on = (event: TranscribeEvent) => this.onWords(transcription, event);
    return this.tools.models.transcriber.transcribe(request, { signal, begin }, on);
  }

  private async onWords(transcription: Transcription, event: TranscribeEvent): Promise<void> {
    transcription.take(event);
    if (event.type === 'segment' || event.type === 'result') return;
    this.shown.transcribed(transcription.progress, transcription.stages);
    this.progress.report(this.shown);
    // Also at stage events: diarization after the last window may take minutes.
    await this.keepCheckpoint(transcription);
  }

  private async analysis(signal: AbortSignal): Promise<Analysis> {
    const { models, maxAudioSeconds } = this.tools;
    const path = SHARED.input(this.row.id);
    const request = { ...this.wanted, path, max_seconds: maxAudioSeconds };
    const on = (event: AnalyzeEvent) => {
      if (event.type !== 'window') return;
      this.shown.analyzed(event.progress);
      this.progress.report(this.shown);
    };
    try {
      const use = { signal, begin: () => this.time.work() };
      const analysis = await models.analyst!.analyze(request, use, on);
      this.shown.analyzed(1);
      return analysis;
    } finally {
      // Early publication is useful only while the analysis is running.
      this.analyzed = true;
    }
  }

  private async keepCheckpoint({ end }: Transcription): Promise<void> {
    const { checkpointMs, log } = this.tools;
    if (end === this.savedEnd || Date.now() - this.savedAt < checkpointMs) return;
    // S3 cannot check the row: a worker that has lost the job must not overwrite the new owner's
    // checkpoint.
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

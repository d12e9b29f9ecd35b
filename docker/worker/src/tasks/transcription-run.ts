import type { ErrorCode } from '../../../../core/contract/names';
import type { Checkpoint, Transcript } from '../../../../core/contract/work/transcript';
import type { TranscribeEvent, TranscribeRequest } from '../../../../core/contract/work/transcription';
import { continued } from './continued';
import type { CheckpointPart, Resumable, ResumableRun } from './resumable';
import { TranscriptSoFar } from './transcript-so-far';

/**
 * Error codes that may be caused by the checkpoint of an earlier attempt, which is part of the
 * request.
 */
const REFUSALS: ErrorCode[] = ['invalid_request', 'upload_too_large'];

/** Transcribes the input of a job. Another attempt continues after the last finished window. */
export class ResumableTranscription implements Resumable<'transcription'> {
  private soFar: TranscriptSoFar | undefined;
  private earlier: Checkpoint | undefined;

  constructor(private readonly work: ResumableRun<'transcription'>) {
    this.earlier = work.earlier;
  }

  /** Seconds of audio. */
  get position(): number {
    return (this.soFar ?? this.earlier)?.end ?? 0;
  }

  checkpoint(): CheckpointPart | undefined {
    return this.soFar?.checkpoint() ?? this.earlier;
  }

  async run(signal: AbortSignal): Promise<Transcript> {
    const { lost = [] } = this.work;
    const result = await continued(this.work, { checkpoint: this.earlier, refusals: REFUSALS }, (earlier) =>
      this.listen(earlier, signal),
    );
    return { ...result, degraded: [...lost, ...result.degraded] };
  }

  private listen(earlier: Checkpoint | undefined, signal: AbortSignal): Promise<Transcript> {
    this.earlier = earlier;
    const { task, options, input, services, begin } = this.work;
    const soFar = (this.soFar = new TranscriptSoFar(this.earlier));
    const request: TranscribeRequest = {
      ...task.request(options, input),
      ...(this.earlier !== undefined && whatIsDone(this.earlier)),
    };
    const on = (event: TranscribeEvent) => this.take(soFar, event);
    return services.for(task.name).run(task, request, { signal, begin }, on);
  }

  private async take(soFar: TranscriptSoFar, event: TranscribeEvent): Promise<void> {
    soFar.take(event);
    if (event.type === 'segment' || event.type === 'result') return;
    this.work.show(soFar.progress, soFar.stages);
    // Also at stage events: diarization after the last window may take minutes.
    await this.work.onStep();
  }
}

const whatIsDone = ({ end, segments, degraded }: Checkpoint) => ({
  start_at: end,
  earlier: segments,
  ...(degraded !== undefined && { earlier_degraded: degraded }),
});

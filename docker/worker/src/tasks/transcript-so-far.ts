import type { Checkpoint, Segment } from '../../../../core/contract/work/transcript';
import type { Degradation } from '../../../../core/contract/values';
import type { TranscribeEvent } from '../../../../core/contract/work/transcription';
import type { Stages } from '../../../../core/tasks/task';

/** Transcript of an attempt so far, including the checkpoint of earlier attempts. */
export class TranscriptSoFar {
  /** 0 to 1. Undefined until the service reports it. */
  progress: number | undefined;
  /** Stages reported by the service. */
  stages: Stages = {};
  /** Seconds of audio that are completely transcribed. */
  end: number;
  /** Segments of the finished windows, beginning with those of earlier attempts. */
  private readonly finished: Segment[];
  private current: Segment[] = [];
  /** Degradations of the finished windows. */
  private degraded: Degradation[];

  constructor(earlier?: Checkpoint) {
    this.end = earlier?.end ?? 0;
    this.finished = [...(earlier?.segments ?? [])];
    this.degraded = earlier?.degraded ?? [];
  }

  take(event: TranscribeEvent): void {
    switch (event.type) {
      case 'segment':
        this.current.push(event.segment);
        break;
      case 'window':
        this.finished.push(...this.current);
        this.current = [];
        this.end = event.end;
        this.progress = event.progress;
        this.degraded = event.degraded ?? this.degraded;
        break;
      case 'stage':
        this.stages = { ...this.stages, [event.stage]: event.state };
        this.progress = event.progress;
        break;
      case 'result':
      case 'started':
      case 'error':
        break;
    }
  }

  /** The finished windows, from which another attempt can continue. */
  checkpoint(): Pick<Checkpoint, 'end' | 'segments' | 'degraded'> {
    const { end, finished, degraded } = this;
    return { end, segments: [...finished], ...(degraded.length > 0 && { degraded }) };
  }
}

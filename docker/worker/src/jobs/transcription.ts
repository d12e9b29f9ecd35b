import type { Checkpoint, Segment, Transcript } from '../../../../core/contract/transcript';
import type { Degradation } from '../../../../core/contract/values';
import type { TranscribeEvent } from '../../../../core/contract/transcription';
import type { Stages } from './stages';

/** What one attempt has heard, on top of what earlier attempts left. */
export class Transcription {
  /** 0 to 1; undefined until the service has said so. */
  progress: number | undefined;
  /** Of the stages that the service tells of. */
  stages: Stages = {};
  /** The whole transcript, once the service has sent it. */
  transcript: Transcript | undefined;
  /** Seconds up to which everything has been heard. */
  end: number;
  /** Segments of the finished windows, those of earlier attempts first. */
  private readonly finished: Segment[];
  private current: Segment[] = [];
  /** What the finished windows lack. */
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
        this.transcript = event.transcript;
        break;
      case 'started':
      case 'error':
        break;
    }
  }

  /** The finished windows: where another attempt can go on. */
  checkpoint(): Pick<Checkpoint, 'end' | 'segments' | 'degraded'> {
    const { end, finished, degraded } = this;
    return { end, segments: [...finished], ...(degraded.length > 0 && { degraded }) };
  }
}

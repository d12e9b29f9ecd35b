import type { Checkpoint, Segment, TranscribeEvent, Transcript } from '../../../lambda/contract';

/** What one attempt has heard, on top of what earlier attempts left. */
export class Transcription {
  /** 0 to 1. */
  progress = 0;
  /** The whole transcript, once the service has sent its part. */
  transcript: Transcript | undefined;
  /** Seconds up to which everything has been heard. */
  private end: number;
  private readonly earlier: Segment[];
  /** Segments of the windows that this attempt has finished. */
  private readonly finished: Segment[] = [];
  private current: Segment[] = [];

  constructor(earlier?: Checkpoint) {
    this.end = earlier?.end ?? 0;
    this.earlier = earlier?.segments ?? [];
  }

  take(event: TranscribeEvent): void {
    switch (event.type) {
      case 'started':
        this.progress = event.duration > 0 ? Math.min(1, this.end / event.duration) : 0;
        break;
      case 'segment':
        this.current.push(event.segment);
        break;
      case 'window':
        this.finished.push(...this.current);
        this.current = [];
        this.end = event.end;
        this.progress = event.progress;
        break;
      case 'result':
        this.transcript = this.whole(event.transcript);
        break;
      case 'error':
        break;
    }
  }

  /** The finished windows: where another attempt can go on. */
  checkpoint(): Pick<Checkpoint, 'end' | 'segments'> {
    return { end: this.end, segments: renumbered([...this.earlier, ...this.finished]) };
  }

  private whole(rest: Transcript): Transcript {
    if (this.earlier.length === 0) return rest;
    const segments = renumbered([...this.earlier, ...rest.segments]);
    return { ...rest, segments, text: segments.map(({ text }) => text).join(' ') };
  }
}

const renumbered = (segments: Segment[]) => segments.map((segment, id) => ({ ...segment, id }));

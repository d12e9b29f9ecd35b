import type { ErrorCode, SpeechFileFormat } from '../../../../core/contract/names';
import type {
  Speech,
  SpeechCheckpoint,
  SpeechTotals,
  SynthesizeEvent,
  SynthesizeRequest,
} from '../../../../core/contract/work/speech';
import { SPEECH_TYPE } from '../../../../core/formats/speech-types';
import { KEY, SHARED } from '../../../../core/contract/keys';
import { speechParts } from '../../../../core/jobs/job-files';
import { ModelServiceFailed } from '../errors';
import { inParallel } from '../models/in-parallel';
import { continued } from './continued';
import type { CheckpointPart, Resumable, ResumableRun } from './resumable';
import { SpeechFiles } from './speech-files';

type Part = Extract<SynthesizeEvent, { type: 'part' }>;

/** The service refuses another text or voice; a part of an earlier attempt may be missing. */
const REFUSALS: ErrorCode[] = ['invalid_request', 'source_not_found', 'source_forbidden', 'upload_too_large'];

/** Parts of earlier attempts that are downloaded at once. */
const DOWNLOADS = 4;

/**
 * Speaks a text. Some sentences at a time are stored as a part, and another attempt continues after
 * the last one. At the end the service makes the files of the result from all parts.
 */
export class ResumableSpeech implements Resumable<'speech'> {
  /** Undefined until the service has started. */
  private done: SpeechCheckpoint | undefined;
  private readonly earlier: SpeechCheckpoint | undefined;
  /** Whether this attempt has received a part or a piece. */
  private hasAdvanced = false;

  constructor(private readonly work: ResumableRun<'speech'>) {
    this.done = this.earlier = work.earlier?.speech;
  }

  /** Sentences. */
  get position(): number {
    return this.done?.totals.sentences ?? 0;
  }

  checkpoint(): CheckpointPart | undefined {
    return this.done && { speech: this.done };
  }

  run(signal: AbortSignal): Promise<Speech> {
    const { earlier: checkpoint } = this;
    const hasAdvanced = () => this.hasAdvanced;
    return continued(this.work, { checkpoint, refusals: REFUSALS, hasAdvanced }, (earlier) =>
      this.speak(earlier, signal),
    );
  }

  private async speak(earlier: SpeechCheckpoint | undefined, signal: AbortSignal): Promise<Speech> {
    this.done = earlier;
    const { row, task, options, input, services, begin, objects, log } = this.work;
    const request: SynthesizeRequest = {
      ...task.request(options, input),
      ...(earlier !== undefined && { earlier: { ...earlier, parts: await this.fetched(earlier, signal) } }),
    };
    const files = new SpeechFiles((name) => {
      const format = name.slice(name.lastIndexOf('.') + 1) as SpeechFileFormat;
      return objects.writer(KEY.file(row.id, row.attempt, name), SPEECH_TYPE[format]);
    });
    try {
      const service = services.for(task.name);
      const result = await service.run(task, request, { signal, begin }, (event) => this.take(event, files));
      return { ...result, files: result.files.map((file) => ({ ...file, attempt: row.attempt })) };
    } finally {
      await files.abandon().catch((error: unknown) => {
        log.warn({ job: row.id, err: error }, 'unfinished file not deleted');
      });
    }
  }

  /** Downloads the parts of earlier attempts. @returns their paths on the shared volume */
  private async fetched(earlier: SpeechCheckpoint, signal: AbortSignal): Promise<string[]> {
    const { id } = this.work.row;
    const parts = speechParts(id, earlier).map((key, index) => ({
      key,
      path: SHARED.part(id, index + 1, 'flac'),
    }));
    await inParallel(parts, DOWNLOADS, ({ key, path }) => this.work.fetchPart(key, path, signal));
    return parts.map(({ path }) => path);
  }

  private async take(event: SynthesizeEvent, files: SpeechFiles): Promise<void> {
    switch (event.type) {
      case 'started': {
        const { engine, voice, language, sample_rate, plan } = event;
        this.done ??= { engine, voice, language, sample_rate, plan, totals: NOTHING, parts: [] };
        return;
      }
      case 'part':
        this.done = await this.stored(event);
        this.hasAdvanced = true;
        this.work.show(event.progress);
        return this.work.onStep();
      case 'making':
        return this.work.show(event.progress);
      case 'piece':
        this.hasAdvanced = true;
        return files.take(event);
      case 'result':
        return files.finish(event.files);
      case 'error':
        return;
    }
  }

  private async stored({ data, totals }: Part): Promise<SpeechCheckpoint> {
    const { done } = this;
    if (done === undefined)
      throw new ModelServiceFailed('The speech service sent sentences before it said what speaks them');
    const { id, attempt } = this.work.row;
    const key = KEY.part(id, attempt, done.parts.length + 1, 'flac');
    // The request is not aborted with the work: S3 might store the part after it was erased.
    await this.work.objects.writeFile(key, Buffer.from(data, 'base64'), SPEECH_TYPE.flac);
    return { ...done, totals, parts: [...done.parts, attempt] };
  }
}

const NOTHING: SpeechTotals = { sentences: 0, characters: 0, seconds: 0 };

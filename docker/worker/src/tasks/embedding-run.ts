import type {
  EmbedEvent,
  Embedding,
  EmbeddingCheckpoint,
  EmbeddingFile,
  EmbeddingTotals,
  EmbedRequest,
} from '../../../../core/contract/work/embedding';
import { KEY } from '../../../../core/contract/keys';
import type { CorpusFormat } from '../../../../core/contract/names';
import { ModelServiceFailed } from '../errors';
import { continued } from './continued';
import type { CheckpointPart, Resumable, ResumableRun } from './resumable';

type Part = Extract<EmbedEvent, { type: 'part' }>;

/** Media types of the files. */
const TYPE: Record<CorpusFormat, string> = {
  jsonl: 'application/jsonl',
  parquet: 'application/vnd.apache.parquet',
};

/**
 * Embeds a corpus. Each part of the result is stored as a file, so that memory holds one part.
 * Another attempt continues after the last stored file.
 */
export class ResumableEmbedding implements Resumable<'embedding'> {
  /** Undefined until the service has started. */
  private done: EmbeddingCheckpoint | undefined;
  private readonly earlier: EmbeddingCheckpoint | undefined;
  /** Whether this attempt has finished a part. */
  private hasAdvanced = false;

  constructor(private readonly work: ResumableRun<'embedding'>) {
    this.done = this.earlier = work.earlier?.embedding;
  }

  /** Rows. */
  get position(): number {
    return this.done?.totals.rows ?? 0;
  }

  checkpoint(): CheckpointPart | undefined {
    return this.done && { embedding: this.done };
  }

  run(signal: AbortSignal): Promise<Embedding> {
    const { earlier: checkpoint } = this;
    // The service refuses to add to the vectors of another model before it embeds anything.
    const hasAdvanced = () => this.hasAdvanced;
    return continued(this.work, { checkpoint, refusals: ['invalid_request'], hasAdvanced }, (earlier) =>
      this.embed(earlier, signal),
    );
  }

  private async embed(earlier: EmbeddingCheckpoint | undefined, signal: AbortSignal): Promise<Embedding> {
    this.done = earlier;
    const { task, options, input, services, begin } = this.work;
    const request: EmbedRequest = {
      ...task.request(options, input),
      ...(earlier !== undefined && { earlier: withoutFiles(earlier) }),
    };
    const service = services.for(task.name);
    const result = await service.run(task, request, { signal, begin }, (event) => this.take(event));
    const files = this.done?.files ?? [];
    const vectors = files.reduce((sum, { rows }) => sum + rows, 0);
    if (vectors !== result.rows - result.failed_rows)
      throw new ModelServiceFailed(
        `The ${service.name} service returned ${vectors} vectors for ${result.rows} rows of which ${result.failed_rows} failed`,
      );
    return { ...result, files };
  }

  private async take(event: EmbedEvent): Promise<void> {
    if (event.type === 'started') {
      const { engine, dimensions, format } = event;
      this.done ??= { engine, dimensions, format, totals: NOTHING, files: [] };
    }
    if (event.type !== 'part') return;
    if (this.done === undefined)
      throw new ModelServiceFailed('The model service sent vectors before it said what they are');
    this.done = await this.stored(event, this.done);
    this.hasAdvanced = true;
    this.work.show(event.progress);
    await this.work.onStep();
  }

  /** Stores the file of a part. A part may be empty: none of its rows has a vector. */
  private async stored(
    { data, rows, totals }: Part,
    done: EmbeddingCheckpoint,
  ): Promise<EmbeddingCheckpoint> {
    if (data === '') return { ...done, totals };
    const { id, attempt } = this.work.row;
    const { files, format } = done;
    const content = Buffer.from(data, 'base64');
    // The request is not aborted with the work: S3 might store the file after it was erased.
    await this.work.objects.writeFile(KEY.part(id, attempt, files.length + 1, format), content, TYPE[format]);
    const file: EmbeddingFile = { attempt, rows, bytes: content.length };
    return { ...done, totals, files: [...files, file] };
  }
}

const NOTHING: EmbeddingTotals = { rows: 0, failed_rows: 0, truncated_rows: 0, tokens: 0, failures: [] };

const withoutFiles = ({ engine, dimensions, format, totals }: EmbeddingCheckpoint) => ({
  engine,
  dimensions,
  format,
  totals,
});

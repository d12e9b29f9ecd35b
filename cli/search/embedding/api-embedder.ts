import { ApiClient, type Connection } from '../../api/client';
import { deployedModel } from '../../api/deployed-model';
import type { Patience } from '../../api/retry';
import { ApiError, CliError, UnreachableError } from '../../errors';
import type { Embedder, Purpose } from './embedder';

/** What is used of an answer of `POST /v1/embeddings`. */
interface EmbeddingsAnswer {
  model?: unknown;
  data?: { index?: unknown; embedding?: unknown }[];
}

/** Instructor models are told what to represent: Su et al. 2023, "One Embedder, Any Task". */
const INSTRUCTION: Record<Purpose, string> = {
  passage: 'Represent the sentence from a transcript for retrieval:',
  question: 'Represent the question for retrieving supporting sentences:',
};

/** Embeds with a service that has OpenAI's API of embeddings: a deployment, or one on this machine. */
export class ApiEmbedder implements Embedder {
  private constructor(
    private readonly client: ApiClient,
    readonly model: string,
  ) {}

  /**
   * Connects to the service and asks for its model.
   *
   * @throws CliError if the deployment makes no embeddings
   */
  static async connect(connection: Connection, patience: Patience): Promise<ApiEmbedder> {
    const client = new ApiClient(connection, patience);
    const model = await deployedModel(client, noEmbeddings(connection));
    return new ApiEmbedder(client, model);
  }

  async embed(texts: readonly string[], purpose: Purpose): Promise<Float32Array[]> {
    const isInstructor = /(^|\/)instructor\b/i.test(this.model);
    const answer = (await this.client
      .embeddings({
        model: this.model,
        input: [...texts],
        encoding_format: 'base64',
        truncate: true,
        ...(isInstructor && { instruction: INSTRUCTION[purpose] }),
      })
      .catch((error: unknown) => {
        throw error instanceof ApiError && error.code === 'not_found'
          ? noEmbeddings(this.client.connection)
          : error;
      })) as EmbeddingsAnswer;
    this.checkModel(answer);
    const vectors = this.vectors(answer, texts.length);
    if (vectors === undefined)
      throw new UnreachableError(
        `${this.client.connection.url} returned something else instead of ${texts.length} vectors of one length`,
      );
    return vectors;
  }

  async close(): Promise<void> {}

  /** Vectors of two models must not be mixed, even if the deployment is updated during the run. */
  private checkModel({ model }: EmbeddingsAnswer): void {
    const bare = (name: string) => name.split('/').at(-1)?.toLowerCase();
    if (typeof model === 'string' && bare(model) !== bare(this.model))
      throw new UnreachableError(
        `${this.client.connection.url} lists the model ${this.model} and answered with ${model}: run the command again`,
      );
  }

  private vectors({ data }: EmbeddingsAnswer, count: number): Float32Array[] | undefined {
    if (!Array.isArray(data) || data.length !== count) return undefined;
    const found: (Float32Array | undefined)[] = data.map(() => undefined);
    for (const [place, { index = place, embedding }] of data.entries()) {
      if (typeof index === 'number' && index in found) found[index] = vectorOf(embedding);
    }
    const whole = found.filter((vector) => vector !== undefined);
    return whole.length === count && whole.every(({ length }) => length === whole[0]?.length)
      ? whole
      : undefined;
  }
}

/** Reads base64 of little-endian 32-bit floats. @returns undefined if it has no direction */
function vectorOf(embedding: unknown): Float32Array | undefined {
  if (typeof embedding !== 'string') return undefined;
  const bytes = Buffer.from(embedding, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  const vector = new Float32Array(bytes.length / 4);
  vector.forEach((_, index) => (vector[index] = bytes.readFloatLE(index * 4)));
  const length = Math.hypot(...vector);
  return Number.isFinite(length) && length > 0 ? vector : undefined;
}

const noEmbeddings = ({ url }: Connection) =>
  new CliError(
    'not_found',
    `${url} makes no embeddings. Use the URL of a deployment of the path Embeddings, or --local`,
  );

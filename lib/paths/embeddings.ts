import type { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { TASKS } from '../../core/tasks';
import { embeddings } from '../services';
import { InPlacePath } from './in-place-path';
import type { PathInfo, PathProps } from './path';

/** The model of the engine for laptops. */
const MINILM = 'all-MiniLM-L6-v2';

/**
 * Path 700: vectors of texts. OpenAI's route for some texts at once, jobs for a corpus.
 */
export class EmbeddingsPath extends InPlacePath {
  static readonly info: PathInfo = {
    id: 'Embeddings',
    number: 700,
    summary: 'Embeddings on warm spot GPU machines: vectors of texts over HTTP, or of a corpus by a queue',
    // Fixed, so that a security group's rule can name it.
    services: [{ service: embeddings, hostPort: embeddings.port }],
  };

  /**
   * @throws SettingsError if settings for warm machines contradict each other, or the balancer would
   * have a single zone
   */
  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, EmbeddingsPath.info, props, {
      service: embeddings,
      apiId: 'EmbeddingsApi',
      answers: {
        id: 'CreateEmbeddings',
        file: 'openai/create-embeddings',
        description: 'Embeds texts in place while a machine is warm, otherwise by a job',
        task: TASKS.embedding,
        modelVariable: ENV.embeddingModel,
      },
      model: props.settings.embeddingEngine === 'minilm' ? MINILM : undefined,
    });
  }
}

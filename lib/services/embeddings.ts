import { ENV } from '../../core/contract/environment';
import { embeddingParts, needed } from '../machine/gpu-memory';
import figures from '../../core/models/model-figures.json';
import { modelName, modelVersion } from '../models/model-catalogue';
import type { Settings } from '../settings';
import type { GpuNeed, PackageService } from './service';

const KNOWN = Object.keys(figures.embedding) as (keyof typeof figures.embedding)[];

/** Sentence Transformers: vectors of texts. */
export const embeddings: PackageService = {
  name: 'embeddings',
  port: 8002,
  tasks: ['embedding'],
  engines: {
    chosen: ({ embeddingEngine }) => embeddingEngine,
    requirements: { minilm: 'laptop' },
  },
  models: ({ embeddingEngine, embeddingModel }) =>
    embeddingEngine === 'sentence-transformers'
      ? [{ ...modelVersion('embeddingModel', embeddingModel), required: true }]
      : [],
  waitsForModels: true,
  environment: (settings) => ({
    [ENV.embeddingEngine]: settings.embeddingEngine,
    [ENV.embeddingModel]: modelName(settings.embeddingModel),
    [ENV.embeddingPrecision]: settings.embeddingPrecision,
  }),
  // Weights of 5 GB are in main memory while they are loaded, next to torch.
  memoryMib: 8 * 1024,
  gpu: {
    need: gpuNeed,
    compared: {
      'Instructor-XL float32': { embeddingPrecision: 'float32' },
      'Instructor-XL float16': { embeddingPrecision: 'float16' },
    },
  },
  image: {
    kind: 'package',
    name: 'embeddings',
    families: { production: 'torch', laptop: 'plain' },
  },
  exec: {
    kind: 'python',
    requirements: 'docker/embeddings/requirements.laptop.txt',
    folders: ['docker/common', 'docker/embeddings'],
    module: 'spotscribe_embeddings',
  },
};

/** `auto` may choose either precision, so it needs the memory of the larger. */
function gpuNeed({ embeddingEngine, embeddingModel, embeddingPrecision }: Settings): GpuNeed | undefined {
  if (embeddingEngine !== 'sentence-transformers') return undefined;
  const known = KNOWN.find((name) => name === embeddingModel);
  const precision = embeddingPrecision === 'float16' ? 'float16' : 'float32';
  const parts = known && embeddingParts(known, precision);
  return { model: `${embeddingModel} (${precision})`, mib: parts && needed(parts), parts };
}

import { ENV } from '../../core/contract/environment';
import { needed, whisperParts } from '../machine/gpu-memory';
import figures from '../../core/models/model-figures.json';
import { modelName, modelVersion } from '../models/model-catalogue';
import { limits } from '../environment';
import type { Settings } from '../settings';
import type { GpuNeed, PackageService } from './service';

const KNOWN = Object.keys(figures.whisper) as (keyof typeof figures.whisper)[];

/** WhisperX: transcripts with the times of words, and speakers. */
export const whisper: PackageService = {
  name: 'whisper',
  port: 8001,
  tasks: ['transcription'],
  // Models whose name ends with `.en` know English alone, as that of laptops does.
  transcribes: ({ engine, model }) =>
    engine === 'faster-whisper' || modelName(model).endsWith('.en')
      ? { spoken_tasks: ['transcribe'], languages: ['en'] }
      : {},
  engines: {
    chosen: ({ engine }) => engine,
    requirements: { 'faster-whisper': 'laptop' },
  },
  models: ({ engine, model, huggingFaceTokenSecret, sideModels = sideModelsFor(huggingFaceTokenSecret) }) =>
    engine === 'whisperx'
      ? [
          { ...modelVersion('model', model), required: true },
          ...sideModels.map((side) => ({ ...modelVersion('sideModels', side), required: false })),
        ]
      : [],
  waitsForModels: true,
  environment: (settings) => ({
    [ENV.whisperEngine]: settings.engine,
    [ENV.whisperModel]: modelName(settings.model),
    [ENV.whisperComputeType]: settings.computeType,
    [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
  }),
  memoryMib: 8 * 1024,
  gpu: {
    need: gpuNeed,
    compared: {
      'Whisper large-v3-turbo': { model: 'large-v3-turbo' },
      'Whisper large-v3': { model: 'large-v3' },
      'Whisper medium': { model: 'medium' },
    },
  },
  image: {
    kind: 'package',
    name: 'whisper',
    families: { production: 'torch-audio', laptop: 'audio' },
  },
  exec: {
    kind: 'python',
    requirements: 'docker/whisper/requirements.laptop.txt',
    folders: ['docker/common', 'docker/audio', 'docker/whisper'],
    module: 'spotscribe_whisper',
  },
};

/** Without a token of the hub, speakers need a model that everybody may fetch. */
const sideModelsFor = (token?: string): string[] => [
  'align-en',
  token === undefined ? 'diarization-open' : 'diarization',
];

/**
 * The share may be below the computed need, which is partly based on published measurements.
 */
function gpuNeed({ engine, model, whisperGpuMemoryMib: shareMib }: Settings): GpuNeed | undefined {
  if (engine !== 'whisperx') return undefined;
  const known = KNOWN.find((name) => name === model);
  const parts = known && whisperParts(known);
  return {
    model,
    mib: parts && needed(parts),
    parts,
    shareMib,
    settings: { share: 'whisperGpuMemoryMib', model: 'model', known: KNOWN, less: 'a smaller "model"' },
  };
}

import { ENV } from '../../core/contract/environment';
import { needed, type Quantization, voxtralParts } from '../machine/gpu-memory';
import { modelName, modelVersion } from '../models/model-catalogue';
import { limits } from '../environment';
import { DEFAULT_VOXTRAL_MODEL, type Settings } from '../settings';
import type { GpuNeed, PackageService } from './service';

/** Voxtral: analyses of audio, and transcripts. */
export const voxtral: PackageService = {
  name: 'voxtral',
  port: 8000,
  tasks: ['transcription', 'analysis'],
  transcribes: ({ voxtralEngine }) => ({
    spoken_tasks: ['transcribe'],
    ...(voxtralEngine === 'extractive' && { languages: ['en'] }),
  }),
  engines: {
    chosen: ({ voxtralEngine }) => voxtralEngine,
    requirements: { extractive: 'laptop' },
  },
  models: ({ voxtralEngine, voxtralModel }) =>
    voxtralEngine === 'voxtral' ? [{ ...modelVersion('voxtralModel', voxtralModel), required: true }] : [],
  waitsForModels: true,
  environment: (settings) => ({
    [ENV.voxtralEngine]: settings.voxtralEngine,
    [ENV.voxtralModel]: modelName(settings.voxtralModel),
    [ENV.voxtralQuantization]: settings.voxtralQuantization,
    [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
  }),
  memoryMib: 8 * 1024,
  gpu: {
    need: gpuNeed,
    takesRest: true,
    compared: {
      'Voxtral float16': { voxtralQuantization: 'none' },
      'Voxtral nf4': { voxtralQuantization: 'nf4' },
    },
    sharedEnvironment: (settings) => ({ [ENV.voxtralQuantization]: smallestQuantization(settings) }),
  },
  image: {
    kind: 'package',
    name: 'voxtral',
    families: { production: 'torch-audio', laptop: 'audio' },
  },
  exec: {
    kind: 'python',
    // The same packages as those of Voxtral, which a test checks: one environment for both.
    requirements: 'docker/whisper/requirements.laptop.txt',
    folders: ['docker/common', 'docker/audio', 'docker/voxtral'],
    module: 'spotscribe_voxtral',
  },
};

/** Precision of the weights if little memory is free: 4 bits by default, to fit on a T4 with Whisper. */
const smallestQuantization = ({ voxtralQuantization: chosen }: Settings): Quantization =>
  chosen === 'auto' ? 'nf4' : chosen;

/** The need of another model than the default is its share. */
function gpuNeed(settings: Settings): GpuNeed | undefined {
  const { voxtralEngine, voxtralModel, voxtralGpuMemoryMib: shareMib } = settings;
  if (voxtralEngine !== 'voxtral') return undefined;
  const known = voxtralModel === DEFAULT_VOXTRAL_MODEL;
  const quantization = smallestQuantization(settings);
  const parts = known ? voxtralParts(quantization) : undefined;
  return {
    model: known ? `${voxtralModel} (${quantization})` : voxtralModel,
    mib: parts && needed(parts),
    parts,
    shareMib,
    settings: {
      share: 'voxtralGpuMemoryMib',
      model: 'voxtralModel',
      known: [DEFAULT_VOXTRAL_MODEL],
      less: '"voxtralQuantization" nf4',
    },
  };
}

import { ENV } from '../../core/contract/environment';
import { kokoroParts, needed, xttsParts } from '../machine/gpu-memory';
import { modelName, modelVersion } from '../models/model-catalogue';
import { type Settings, SettingsError } from '../settings';
import type { GpuNeed, PackageService } from './service';

/** Models of the engines. Their needs of memory are known. */
const DEFAULT_MODEL = { kokoro: 'kokoro-82m', coqui: 'xtts-v2' } as const;

/** The licence that "acceptSpeechLicense" must name. */
const LICENSE = 'Coqui-Public-Model-License';

/** Kokoro or XTTS: a voice that reads texts. */
export const speech: PackageService = {
  name: 'speech',
  port: 8003,
  tasks: ['speech'],
  engines: {
    chosen: ({ speechEngine }) => speechEngine,
    requirements: { 'espeak-ng': 'laptop', coqui: 'coqui' },
  },
  models: (settings) => {
    checkSettings(settings);
    const model = speechModel(settings);
    const { speechVoices: voices } = settings;
    return [
      ...(model === undefined ? [] : [{ ...modelVersion('speechModel', model), required: true }]),
      ...(voices === undefined ? [] : [{ ...modelVersion('speechVoices', voices), required: true }]),
    ];
  },
  waitsForModels: true,
  environment: (settings) => {
    const { speechEngine, speechVoices: voices } = settings;
    const model = speechModel(settings);
    return {
      [ENV.speechEngine]: speechEngine,
      ...(model !== undefined && { [ENV.speechModel]: modelName(model) }),
      ...(voices !== undefined && { [ENV.speechVoices]: modelName(voices) }),
      ...(speechEngine === 'coqui' && { [ENV.speechLicense]: 'accepted' }),
    };
  },
  // XTTS's weights of 1.9 GB are in main memory while they are loaded, next to torch.
  memoryMib: 6 * 1024,
  gpu: {
    need: gpuNeed,
    compared: {
      'Kokoro-82M': { speechEngine: 'kokoro' },
      'XTTS v2': { speechEngine: 'coqui' },
    },
  },
  image: {
    kind: 'package',
    name: 'speech',
    families: { production: 'audio', laptop: 'audio', coqui: 'torch-audio' },
  },
  exec: {
    kind: 'python',
    requirements: 'docker/speech/requirements.laptop.txt',
    folders: ['docker/common', 'docker/speech'],
    module: 'spotscribe_speech',
  },
};

/** The voice model of the chosen engine. Undefined for an engine without weights. */
const speechModel = ({ speechEngine, speechModel: chosen }: Settings): string | undefined =>
  speechEngine === 'espeak-ng' ? undefined : (chosen ?? DEFAULT_MODEL[speechEngine]);

/** @throws SettingsError if the licence is not accepted, or voices are given to another engine */
function checkSettings({ speechEngine, speechVoices, acceptSpeechLicense }: Settings): void {
  if (speechVoices !== undefined && speechEngine !== 'coqui')
    throw new SettingsError(
      `Setting "speechVoices" must be used with "speechEngine" coqui, which alone copies voices; got ` +
        `${JSON.stringify(speechVoices)} with ${JSON.stringify(speechEngine)}. Remove it, or set "speechEngine" to coqui.`,
    );
  if (speechEngine === 'coqui' && acceptSpeechLicense !== LICENSE)
    throw new SettingsError(
      `Setting "acceptSpeechLicense" must be ${JSON.stringify(LICENSE)} to use "speechEngine" coqui; got ` +
        `${acceptSpeechLicense === undefined ? 'nothing' : JSON.stringify(acceptSpeechLicense)}. The weights of XTTS v2 are under the ` +
        'Coqui Public Model License 1.0.0, which allows only non-commercial use of them and of their speech. Read it in the ' +
        'file LICENSE.txt of the repository coqui/XTTS-v2 at huggingface.co. If you accept it, set acceptSpeechLicense to ' +
        `${LICENSE}; otherwise use "speechEngine" kokoro.`,
    );
}

function gpuNeed(settings: Settings): GpuNeed | undefined {
  const { speechEngine } = settings;
  const model = speechModel(settings);
  if (speechEngine === 'espeak-ng' || model === undefined) return undefined;
  const known = modelName(model) === DEFAULT_MODEL[speechEngine];
  const parts = known ? (speechEngine === 'kokoro' ? kokoroParts() : xttsParts()) : undefined;
  return { model, mib: parts && needed(parts), parts };
}

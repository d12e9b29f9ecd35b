import { ENV } from '../../lambda/contract';
import { limits, type Settings } from '../settings';
import type { ServiceContainer, ServicePlace } from './gpu-task';
import type { ServiceImage } from './service-image';

/** What the whisper service loads, for it and for the container that fetches models. */
export const whisperModels = (settings: Settings): Record<string, string> => ({
  [ENV.whisperEngine]: settings.engine,
  [ENV.whisperModel]: settings.model,
});

/** The whisper service as a container, with the variable in which the worker finds its address. */
export const whisperService = (
  image: ServiceImage,
  settings: Settings,
  place: ServicePlace,
): [string, ServiceContainer] => [
  ENV.whisperUrl,
  {
    ...place,
    name: 'whisper',
    image,
    port: 8001,
    environment: {
      ...whisperModels(settings),
      [ENV.whisperComputeType]: settings.computeType,
      [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
      ...place.environment,
    },
  },
];

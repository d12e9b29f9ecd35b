import { ENV } from '../../lambda/contract';
import { limits, type Settings } from '../settings';
import type { ServiceContainer, ServicePlace } from './gpu-task';
import type { ServiceImage } from './service-image';

/** What the Voxtral service loads, for it and for the container that fetches models. */
export const voxtralModels = (settings: Settings): Record<string, string> => ({
  [ENV.voxtralEngine]: settings.voxtralEngine,
  [ENV.voxtralModel]: settings.voxtralModel,
});

/** The Voxtral service as a container, with the variable in which the worker finds its address. */
export const voxtralService = (
  image: ServiceImage,
  settings: Settings,
  place: ServicePlace,
): [string, ServiceContainer] => [
  ENV.voxtralUrl,
  {
    ...place,
    name: 'voxtral',
    image,
    port: 8000,
    environment: {
      ...voxtralModels(settings),
      [ENV.voxtralQuantization]: settings.voxtralQuantization,
      [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
      ...place.environment,
    },
  },
];

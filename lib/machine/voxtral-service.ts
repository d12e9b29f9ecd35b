import { PORT } from '../../core/contract/container';
import { ENV } from '../../core/contract/environment';
import type { TaskName } from '../../core/contract/names';
import type { WantedModel } from '../../core/models/model-layout';
import { limits, type Settings } from '../settings';
import type { ServiceContainer, ServicePlace } from './gpu-task';
import { modelName, modelVersion } from '../models/model-catalogue';
import type { ServiceImage } from '../images/service-image';

/**
 * Models that the machine fetches for the Voxtral service.
 *
 * @throws SettingsError if the model is neither in the catalogue nor named with a revision
 */
export const voxtralModels = ({ voxtralEngine, voxtralModel }: Settings): WantedModel[] =>
  voxtralEngine === 'voxtral' ? [{ ...modelVersion('voxtralModel', voxtralModel), required: true }] : [];

/** The container of the Voxtral service, and the tasks that it does on the path. */
export const voxtralService = (
  image: ServiceImage,
  settings: Settings,
  place: ServicePlace,
  tasks: TaskName[] = ['transcription', 'analysis'],
): [TaskName[], ServiceContainer] => [
  tasks,
  {
    ...place,
    name: 'voxtral',
    image,
    port: PORT.voxtral,
    environment: {
      [ENV.voxtralEngine]: settings.voxtralEngine,
      [ENV.voxtralModel]: modelName(settings.voxtralModel),
      [ENV.voxtralQuantization]: settings.voxtralQuantization,
      [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
      ...place.environment,
    },
  },
];

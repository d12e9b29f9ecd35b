import { PORT } from '../../core/contract/container';
import { ENV } from '../../core/contract/environment';
import type { TaskName } from '../../core/contract/names';
import type { WantedModel } from '../../core/models/model-layout';
import { limits, type Settings } from '../settings';
import type { ServiceContainer, ServicePlace } from './gpu-task';
import { modelName, modelVersion } from '../models/model-catalogue';
import type { ServiceImage } from '../images/service-image';

/**
 * Models that the machine fetches for the whisper service.
 *
 * @throws SettingsError if a model is neither in the catalogue nor named with a revision
 */
export const whisperModels = ({ engine, model, sideModels }: Settings): WantedModel[] =>
  engine === 'whisperx'
    ? [
        { ...modelVersion('model', model), required: true },
        ...sideModels.map((side) => ({ ...modelVersion('sideModels', side), required: false })),
      ]
    : [];

/** The container of the whisper service, and the tasks that it does on the path. */
export const whisperService = (
  image: ServiceImage,
  settings: Settings,
  place: ServicePlace,
  tasks: TaskName[] = ['transcription'],
): [TaskName[], ServiceContainer] => [
  tasks,
  {
    ...place,
    name: 'whisper',
    image,
    port: PORT.whisper,
    environment: {
      [ENV.whisperEngine]: settings.engine,
      [ENV.whisperModel]: modelName(settings.model),
      [ENV.whisperComputeType]: settings.computeType,
      [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
      ...place.environment,
    },
  },
];

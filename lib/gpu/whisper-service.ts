import type { Size } from 'aws-cdk-lib';
import { ENV } from '../../lambda/contract';
import { limits, type Settings } from '../settings';
import type { ServiceContainer } from './gpu-task';
import type { ServiceImage } from './service-image';

/** The whisper service as a container, with the variable in which the worker finds its address. */
export function whisperService(
  image: ServiceImage,
  settings: Settings,
  memory: Size,
): [string, ServiceContainer] {
  return [
    ENV.whisperUrl,
    {
      name: 'whisper',
      image,
      port: 8001,
      memory,
      gpuCount: 1,
      essential: true,
      environment: {
        [ENV.whisperEngine]: settings.engine,
        [ENV.whisperModel]: settings.model,
        [ENV.whisperComputeType]: settings.computeType,
        [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
      },
    },
  ];
}

import type { Construct } from 'constructs';
import { Template } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import { spotscribeApp } from '../../../lib/app';
import {
  embeddingParts,
  kokoroParts,
  needed,
  voxtralParts,
  whisperParts,
} from '../../../lib/machine/gpu-memory';
import { type PathClass, type PathProps, SharedGpuPath, sharing } from '../../../lib/paths';
import { embeddings, type Service, speech, voxtral, whisper } from '../../../lib/services';
import type { Settings } from '../../../lib/settings';
import type { Container } from '../containers';
import { environment } from '../containers';
import { TEMPLATES_ONLY } from '../templates';

/** A path of a user with these services, as the docstring of `SharedGpuPath` shows. */
function pathWith(...services: Service[]): PathClass {
  return class extends SharedGpuPath {
    static readonly info = sharing('Mine', 1000, 'Services that share a GPU', ...services);

    constructor(scope: Construct, id: string, props: PathProps) {
      super(scope, id, sharing('Mine', 1000, 'Services that share a GPU', ...services), props);
    }
  };
}

/** Containers of the machine, by name. */
function containers(services: Service[], settings: Partial<Settings> = {}): Record<string, Container> {
  const app = spotscribeApp({
    paths: [pathWith(...services)],
    context: { spotscribe: { paths: ['Mine'], ...settings }, ...TEMPLATES_ONLY },
  });
  const stack = app.synth().getStackByName('Spotscribe-Mine');
  const [task] = Object.values(
    Template.fromJSON(stack.template as object).findResources('AWS::ECS::TaskDefinition'),
  );
  const made = task?.Properties.ContainerDefinitions as Container[];
  return Object.fromEntries(made.map((each) => [each.Name, each]));
}

describe('a path with any two services', () => {
  test.each<[string, Service, Service, Partial<Settings>]>([
    ['transcripts and speech', whisper, speech, {}],
    ['embeddings and speech', embeddings, speech, {}],
    // In single precision they take 15,078 MiB, more than a T4 gives.
    ['transcripts and embeddings', whisper, embeddings, { embeddingPrecision: 'float16' }],
  ])('%s: both use the GPU, restart alone, and do their own tasks', (_, one, other, settings) => {
    const made = containers([one, other], settings);
    for (const { name } of [one, other]) {
      expect(made[name]).not.toHaveProperty('ResourceRequirements');
      expect(made[name]).toMatchObject({ RestartPolicy: { Enabled: true }, MemoryReservation: 6144 });
      expect(environment(made[name]!)).toMatchObject({
        NVIDIA_VISIBLE_DEVICES: 'all',
        [ENV.gpuPriorityFile]: '/scratch/gpu-priority',
      });
    }
    const told = JSON.parse(environment(made.worker!)[ENV.services] as string) as { name: string }[];
    expect(told.map(({ name }) => name)).toEqual([one.name, other.name]);
  });

  test('fits into the memory that ECS finds on a g4dn.xlarge', () => {
    const reserved = Object.values(containers([whisper, speech])).map(
      ({ MemoryReservation }) => MemoryReservation,
    );
    expect(reserved.reduce((sum, each) => sum + each, 0)).toBeLessThan(15.4 * 1024);
  });

  test.each<[string, Service[], Partial<Settings>, string]>([
    [
      'Whisper large-v3 and Kokoro',
      [whisper, speech],
      { model: 'large-v3' },
      `got whisper ${needed(whisperParts('large-v3'))} + speech ${needed(kokoroParts())} = ${needed(whisperParts('large-v3')) + needed(kokoroParts())}`,
    ],
    [
      'Voxtral and Instructor-XL in single precision',
      [embeddings, voxtral],
      { embeddingPrecision: 'float32' },
      `got embeddings ${needed(embeddingParts('instructor-xl', 'float32'))} + voxtral ${needed(voxtralParts('nf4'))} = `,
    ],
  ])('is refused with the numbers if they do not fit: %s', (_, services, settings, message) => {
    expect(() => containers(services, settings)).toThrow(message);
    expect(() => containers(services, settings)).toThrow(
      'must be at most 14899 MiB, the memory of the smallest',
    );
    expect(() => containers(services, { ...settings, instanceTypes: ['g6.xlarge'] })).not.toThrow();
  });
});

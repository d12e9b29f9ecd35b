import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ContainerImage, Ec2TaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { GpuSharing } from '../../../lib/gpu/gpu-sharing';

/** What three containers of a task ask of the GPU. */
function requirements(gpu: GpuSharing) {
  const stack = new Stack(new App(), 'Test');
  const definition = new Ec2TaskDefinition(stack, 'Task');
  for (const name of ['first', 'whisper', 'voxtral']) {
    const image = ContainerImage.fromRegistry('image');
    const container = definition.addContainer(name, { image, memoryLimitMiB: 64, gpuCount: gpu.gpuCount });
    gpu.assign(definition, container);
  }
  const [task] = Object.values(Template.fromStack(stack).findResources('AWS::ECS::TaskDefinition'));
  const { ContainerDefinitions } = task?.Properties as {
    ContainerDefinitions: { ResourceRequirements?: unknown }[];
  };
  return ContainerDefinitions.map(({ ResourceRequirements }) => ResourceRequirements);
}

describe('a GPU', () => {
  test('is one container’s own', () => {
    const whole = [{ Type: 'GPU', Value: '1' }];
    expect(requirements(GpuSharing.exclusive())).toEqual([whole, whole, whole]);
  });

  test('is seen by all, and nobody’s, by the runtime', () => {
    expect(requirements(GpuSharing.runtime())).toEqual([undefined, undefined, undefined]);
  });

  test('is divided by ECS among those that have memory, with the limits that are set', () => {
    const shared = GpuSharing.mps({
      memoryMib: { whisper: 5000, voxtral: 9000 },
      maxComputePercent: { voxtral: 60 },
    });
    expect(requirements(shared)).toEqual([
      undefined,
      [{ Type: 'GPU', SharingStrategy: { NvidiaMps: { Memory: 5000 } } }],
      [{ Type: 'GPU', SharingStrategy: { NvidiaMps: { Memory: 9000, MaxComputePercent: 60 } } }],
    ]);
  });
});

import type { App } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { spotscribeApp } from '../../../lib/app';
import { bakedCost, bakedVolumeGib, bakes } from '../../../lib/gpu/baking';
import { whisperModels } from '../../../lib/gpu/whisper-service';
import { defaultSettings, type Settings, SettingsError } from '../../../lib/settings';

const LAPTOP = { AWS_ENDPOINT_URL: 'http://localhost:4566' };
const models = whisperModels(defaultSettings());

function stack(settings: Partial<Settings> = {}) {
  const spotscribe = { bakedMachineImage: true, ...settings };
  const app: App = spotscribeApp({ context: { spotscribe, 'aws:cdk:bundling-stacks': [] } });
  return {
    path: app.node.findChild('Spotscribe-DockerGpu') as never,
    foundation: app.node.findChild('Spotscribe-Foundation') as never,
  };
}

describe('a baked machine image', () => {
  // Tests have an endpoint on this machine, by which the setting would be refused.
  const env = jest.replaceProperty(process, 'env', { ...process.env, AWS_ENDPOINT_URL: undefined });
  const { path, foundation } = stack();
  const template = Template.fromStack(path);
  env.restore();

  const properties = (type: string) =>
    Object.values(template.findResources(type)).map(
      ({ Properties }) => Properties as Record<string, unknown>,
    );
  const parameter = (name: string): unknown => {
    const [recipe] = properties('AWS::ImageBuilder::ImageRecipe');
    const [component] = recipe!.Components as { Parameters: { Name: string; Value: unknown[] }[] }[];
    return component!.Parameters.find(({ Name }) => Name === name)?.Value[0];
  };

  test('is what machines start from, on a root volume with room for it', () => {
    const [image] = Object.keys(template.findResources('AWS::ImageBuilder::Image'));
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        ImageId: { 'Fn::GetAtt': [image, 'ImageId'] },
        BlockDeviceMappings: [
          { Ebs: Match.objectLike({ VolumeSize: bakedVolumeGib(models), Encrypted: true }) },
        ],
      },
    });
    template.hasResourceProperties('AWS::ImageBuilder::ImageRecipe', {
      BlockDeviceMappings: [
        { Ebs: Match.objectLike({ VolumeSize: bakedVolumeGib(models), Encrypted: true }) },
      ],
    });
  });

  test('is made anew when a digest, a model or the image that it is made of changes: all are the recipe’s own', () => {
    expect(JSON.stringify(parameter('Images')).match(/"Digest"/g)).toHaveLength(2);
    expect(JSON.stringify(parameter('Worker'))).toContain('"Digest"');
    expect(JSON.parse(parameter('Models') as string)).toEqual(models);
    const [recipe] = properties('AWS::ImageBuilder::ImageRecipe');
    const base = template.findParameters((recipe!.ParentImage as { Ref: string }).Ref);
    expect(JSON.stringify(base)).toContain('/ecs/optimized-ami/amazon-linux-2023/gpu/');
    // A recipe of one name and version cannot be replaced.
    expect(recipe!.Version).toBe('1.0.x');
  });

  test('leaves nothing behind that costs when another one takes its place', () => {
    template.hasResourceProperties('AWS::ImageBuilder::Image', {
      DeletionSettings: { ExecutionRole: Match.anyValue() },
    });
  });

  test('is made on a machine that may read models and pull images, and write nothing but its log', () => {
    const [machine] = properties('AWS::ImageBuilder::InfrastructureConfiguration');
    const profile = (machine!.InstanceProfileName as { Ref: string }).Ref;
    const { Roles } = template.findResources('AWS::IAM::InstanceProfile')[profile]!.Properties as {
      Roles: { Ref: string }[];
    };
    const role = Roles[0]!.Ref;
    const statements = properties('AWS::IAM::Policy')
      .filter((policy) => JSON.stringify(policy.Roles).includes(`"${role}"`))
      .flatMap(
        ({ PolicyDocument }) => (PolicyDocument as { Statement: Record<string, unknown>[] }).Statement,
      );
    const actions = (onAnything: boolean) =>
      statements
        .filter(({ Resource }) => (Resource === '*') === onAnything)
        .flatMap(({ Action }) => Action as string | string[]);
    expect(new Set(actions(true).map((action) => action.split(':')[0]))).toEqual(
      new Set(['ec2messages', 'ecr', 'ssm', 'ssmmessages']),
    );
    expect(actions(true).filter((action) => /^(ecr|ssm):/.test(action))).toEqual([
      'ecr:GetAuthorizationToken',
      'ssm:UpdateInstanceInformation',
    ]);
    expect(new Set(actions(false).filter((action) => !action.startsWith('logs:')))).toEqual(
      new Set([
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
        'imagebuilder:GetComponent',
        's3:GetObject',
        's3:ListBucket',
      ]),
    );
  });

  test('is made where a machine has an address without asking', () => {
    Template.fromStack(foundation).hasResourceProperties('AWS::EC2::Subnet', {
      CidrBlock: '10.42.255.0/28',
      MapPublicIpOnLaunch: true,
    });
  });

  test('leaves Docker’s folders on the root volume, and audio on the local disk', () => {
    const [launch] = properties('AWS::EC2::LaunchTemplate');
    const boot = JSON.stringify(launch!.LaunchTemplateData);
    expect(boot).toContain('mount --bind /var/lib/spotscribe/models /mnt/nvme/models');
    expect(boot).toContain('mkfs.ext4');
    expect(boot).not.toContain('mkdir -p /mnt/nvme/$d');
  });

  test('tells at synthesis what it costs', () => {
    Annotations.fromStack(path).hasInfo(
      '*',
      Match.stringLikeRegexp('its snapshot costs \\$0.58 to \\$2.18 a month'),
    );
  });
});

describe('the setting for it', () => {
  test('is off, and then nothing of it is there', () => {
    const { path } = stack({ bakedMachineImage: false });
    expect(JSON.stringify(Template.fromStack(path).toJSON())).not.toContain('ImageBuilder');
  });

  test('is refused on the AWS of a laptop, which has no machine images', () => {
    const settings = defaultSettings({ bakedMachineImage: true });
    expect(() => bakes(settings, LAPTOP)).toThrow(SettingsError);
    expect(() => bakes(settings, LAPTOP)).toThrow(
      'Setting "bakedMachineImage" must be false on the AWS of a laptop',
    );
    expect(bakes(settings, {})).toBe(true);
    expect(bakes(defaultSettings(), LAPTOP)).toBe(false);
  });
});

describe('the volume for it', () => {
  const none = bakedVolumeGib([]);

  test('grows with the models of the catalogue', () => {
    // 1.62, 0.38 and 0.03 GB.
    expect(bakedVolumeGib(models) - none).toBe(2);
  });

  test('has room for a model of one’s own, whose size is not known, and its cost is told', () => {
    const own = [{ name: 'mine', revision: '1', required: true }];
    expect(bakedVolumeGib(own) - none).toBeGreaterThanOrEqual(9);
    expect(bakedCost(own)).toContain('about 19.5 GB');
  });
});

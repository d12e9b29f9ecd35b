import { Aws, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnInstanceProfile,
  type IRole,
  ManagedPolicy,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import {
  CfnComponent,
  CfnDistributionConfiguration,
  CfnImage,
  CfnImageRecipe,
  CfnInfrastructureConfiguration,
} from 'aws-cdk-lib/aws-imagebuilder';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { WantedModel } from '../../lambda/model-layout';
import { acknowledge, acknowledgeWildcard } from '../acknowledge';
import type { SharedNetwork } from '../shared-network';
import { BAKE_DOCUMENT, BAKE_HASH, BAKE_PARAMETER } from './bake-component';
import { BASE_IMAGE } from './gpu-fleet';
import type { GpuTask } from './gpu-task';
import type { SharedModels } from '../shared-models';

/** Without a GPU: nothing is run there but what fetches. The second is for zones that lack the first. */
const MACHINE_TYPES = ['m6i.xlarge', 'm5.xlarge'];

/** The least that Image Builder takes for the test of an image. */
const TEST_TIMEOUT = Duration.hours(1);

export interface BakedMachineImageProps {
  readonly network: SharedNetwork;
  /** What machines run. */
  readonly task: GpuTask;
  readonly modelCache: SharedModels;
  readonly models: WantedModel[];
  /** Size of the root volume in GiB. */
  readonly volumeGib: number;
}

/**
 * A machine image that holds a path's container images and models, made by EC2 Image Builder while the path is deployed.
 * Another one takes its place when an image, a model or what it is made of has changed, and the old one is deleted.
 */
export class BakedMachineImage extends Construct {
  /** Known when the stack is deployed, and the image there. */
  readonly imageId: string;
  private readonly name: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BakedMachineImageProps,
  ) {
    super(scope, id);
    this.name = `${Stack.of(this).stackName}-machine`.toLowerCase();
    const component = this.component();
    const log = new LogGroup(this, 'Log', {
      // Image Builder writes to groups below this name alone.
      logGroupName: `/aws/imagebuilder/${this.name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.role(component, log);
    const image = new CfnImage(this, 'Image', {
      imageRecipeArn: this.recipe(component).attrArn,
      infrastructureConfigurationArn: this.infrastructure(role).attrArn,
      distributionConfigurationArn: this.distribution().attrArn,
      // A machine is started from it, and looked at.
      imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: TEST_TIMEOUT.toMinutes() },
      // It would write an inventory, for which the machine has no right and nobody a use.
      enhancedImageMetadataEnabled: false,
      loggingConfiguration: { logGroupName: log.logGroupName },
      deletionSettings: { executionRole: this.deletionRole().roleArn },
    });
    image.node.addDependency(role, this.props.task.pullPolicy);
    this.imageId = image.attrImageId;
  }

  /** Never changed: its name tells its document. */
  private component(): CfnComponent {
    return new CfnComponent(this, 'Bake', {
      name: `${this.name}-bake-${BAKE_HASH}`,
      version: '1.0.0',
      platform: 'Linux',
      data: BAKE_DOCUMENT,
    });
  }

  private recipe({ attrArn }: CfnComponent): CfnImageRecipe {
    const { task, models, modelCache, volumeGib } = this.props;
    const { models: fetcher = '', ...run } = task.images;
    const told: Record<keyof typeof BAKE_PARAMETER, string> = {
      images: Fn.join(' ', Object.values(run)),
      worker: fetcher,
      models: JSON.stringify(models),
      bucket: modelCache.bucket.bucketName,
      region: Aws.REGION,
    };
    return new CfnImageRecipe(this, 'Recipe', {
      name: this.name,
      // Any change makes another recipe, and Image Builder counts them by the x.
      version: '1.0.x',
      parentImage: BASE_IMAGE.getImage(this).imageId,
      components: [
        {
          componentArn: attrArn,
          parameters: Object.entries(told).map(([key, value]) => ({
            name: BAKE_PARAMETER[key as keyof typeof BAKE_PARAMETER],
            value: [value],
          })),
        },
      ],
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: { volumeSize: volumeGib, volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
        },
      ],
    });
  }

  private infrastructure(role: IRole): CfnInfrastructureConfiguration {
    const { buildSubnetId, machineSecurityGroup } = this.props.network;
    const profile = new CfnInstanceProfile(this, 'Profile', { roles: [role.roleName] });
    return new CfnInfrastructureConfiguration(this, 'Machine', {
      name: this.name,
      instanceProfileName: profile.ref,
      instanceTypes: MACHINE_TYPES,
      subnetId: buildSubnetId,
      securityGroupIds: [machineSecurityGroup.securityGroupId],
      instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
      terminateInstanceOnFailure: true,
      resourceTags: { app: 'spotscribe' },
    });
  }

  private distribution(): CfnDistributionConfiguration {
    return new CfnDistributionConfiguration(this, 'Distribution', {
      name: this.name,
      distributions: [
        {
          region: Aws.REGION,
          amiDistributionConfiguration: {
            // The library takes these as they are.
            Name: `${this.name} {{ imagebuilder:buildDate }}`,
            AmiTags: { app: 'spotscribe' },
          },
        },
      ],
    });
  }

  /** What the machine may: be told what to do by Image Builder, pull the path's images, read models, and write its log. */
  private role({ attrArn }: CfnComponent, log: LogGroup): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['imagebuilder:GetComponent'], resources: [attrArn] }));
    const programs = `arn:${Aws.PARTITION}:s3:::ec2imagebuilder*`;
    role.addToPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: [programs] }));
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          'ec2messages:AcknowledgeMessage',
          'ec2messages:DeleteMessage',
          'ec2messages:FailMessage',
          'ec2messages:GetEndpoint',
          'ec2messages:GetMessages',
          'ec2messages:SendReply',
          'ssm:UpdateInstanceInformation',
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ],
        resources: ['*'],
      }),
    );
    log.grantWrite(role);
    this.props.modelCache.grantFetch(role);
    this.props.task.pullPolicy.attachToRole(role);
    acknowledgeWildcard(role, '*', 'What Systems Manager’s agent does cannot be limited to a resource.');
    acknowledgeWildcard(
      role,
      'arn:<AWS::Partition>:s3:::ec2imagebuilder*',
      'AWS’s own buckets, one a region, with the program that carries a component out.',
    );
    return role;
  }

  private deletionRole(): Role {
    const role = new Role(this, 'DeletionRole', {
      assumedBy: new ServicePrincipal('imagebuilder.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/EC2ImageBuilderLifecycleExecutionPolicy'),
      ],
    });
    acknowledge(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/EC2ImageBuilderLifecycleExecutionPolicy]',
      'AWS limits it to images and snapshots with Image Builder’s own mark.',
    );
    return role;
  }
}

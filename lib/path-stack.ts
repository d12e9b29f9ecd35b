import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { OUTPUT } from '../core/contract/environment';
import { acknowledge } from './policies/acknowledge';
import type { FoundationStack } from './foundation-stack';
import type { Path, PathClass } from './paths';
import type { Settings } from './settings';
import { SharedImages } from './images/shared-images';
import { SharedModels } from './models/shared-models';
import { SharedNetwork } from './network/shared-network';

export interface PathStackProps extends StackProps {
  readonly path: PathClass;
  readonly foundation: FoundationStack;
  readonly settings: Settings;
}

/** One deployment path as a stack, with the outputs that the command line reads. */
export class PathStack extends Stack {
  readonly path: Path;

  constructor(scope: Construct, id: string, props: PathStackProps) {
    super(scope, id, props);
    const { foundation, settings } = props;
    const { shared: values, imageBuilds: builds } = foundation;
    this.addStackDependency(foundation);
    this.path = new props.path(this, 'Path', {
      network: new SharedNetwork(this, 'Network', { values, zones: settings.availabilityZones }),
      modelCache: new SharedModels(this, 'Models', values),
      imageBuilds: new SharedImages(this, 'Images', { values, builds }),
      settings,
    });
    this.addOutputs();
    acknowledge(
      this,
      'CloudFormation-Validate::W2001',
      'A path without a load balancer does not use the VPC id, but the CDK reads it with the subnets.',
    );
    new CfnOutput(this, 'Foundation', { value: Fn.importValue(foundation.inUse) });
  }

  private addOutputs() {
    const { api, store, queue, fleet } = this.path;
    const outputs: Record<string, string> = {
      [OUTPUT.apiUrl]: api.httpApi.apiEndpoint,
      [OUTPUT.keysTable]: api.keysTable.tableName,
      [OUTPUT.jobsTable]: store.table.tableName,
      [OUTPUT.mediaBucket]: store.bucket.bucketName,
      [OUTPUT.queueUrl]: queue.queue.queueUrl,
      [OUTPUT.bulkQueueUrl]: queue.bulkQueue.queueUrl,
      [OUTPUT.deadLetterQueueUrl]: queue.deadLetters.queueUrl,
      [OUTPUT.fleetName]: fleet.group.autoScalingGroupName,
      ...this.path.outputs,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

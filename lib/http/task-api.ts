import { Duration } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { type ISubnet, type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import type { DeployedTasks } from '../../core/contract/tasks';
import type { Task } from '../../core/tasks/task';
import { ENV } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import { handlerFunction } from '../functions/handler';
import type { JobApi } from './job-api';
import type { JobStore } from '../jobs/job-store';
import { limits } from '../environment';
import type { Settings } from '../settings';
import type { MachinesBalancer } from './machines-balancer';

/** API Gateway times out after 30 seconds. */
const TIMEOUT = Duration.seconds(29);

/** A function that answers the routes of a task in OpenAI's shape. */
export interface TaskFunction {
  /** Construct id. */
  readonly id: string;
  /** File in `lambda/`, without extension. */
  readonly file: string;
  readonly description: string;
  readonly task: Pick<Task, 'routes'>;
  /** Variable with the name of the deployed model. */
  readonly modelVariable: string;
}

export interface TaskApiProps {
  readonly answers: TaskFunction;
  /** Name of the deployed model. @default - only the service knows it */
  readonly model?: string;
  /** The API that gets the routes. The same keys apply. */
  readonly api: JobApi;
  readonly vpc: IVpc;
  /** Subnets for the function. */
  readonly subnets: ISubnet[];
  readonly balancer: MachinesBalancer;
  readonly store: JobStore;
  readonly path: string;
  /** The tasks that the path's machines do. */
  readonly tasks: DeployedTasks;
  /** Maximum time for an answer in place. After it the request becomes a job. */
  readonly wait: Duration;
  readonly settings: Settings;
}

/**
 * OpenAI's routes of a task. A warm machine answers in place; otherwise the request becomes a job
 * (docs/decisions/010).
 *
 * The function runs in the VPC without internet access. It reaches the load balancer there, and S3
 * and DynamoDB through gateway endpoints, which are free. Its uploads to S3 start a machine by an
 * event.
 */
export class TaskApi extends Construct {
  readonly handler: NodejsFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: TaskApiProps,
  ) {
    super(scope, id);
    const { id: name, task } = props.answers;
    this.handler = this.answering();
    const integration = new HttpLambdaIntegration(`${name}Integration`, this.handler);
    for (const [method, path] of task.routes ?? []) props.api.addRoute(HttpMethod[method], path, integration);
  }

  private answering(): NodejsFunction {
    const { answers, model } = this.props;
    const { balancer, store, vpc, subnets, path, tasks, wait, settings } = this.props;
    const securityGroup = new SecurityGroup(this, 'FrontDoor', {
      vpc,
      description: 'Spotscribe front door: to the load balancer, S3 and DynamoDB; nothing in',
      allowAllOutbound: false,
    });
    balancer.admit(securityGroup);
    securityGroup.addEgressRule(
      // The ids of the endpoints' prefix lists differ by region and need a look-up in an account.
      // Nothing else is reachable: the function has no public address, so it cannot use the
      // internet gateway.
      Peer.anyIpv4(),
      Port.tcp(443),
      'S3 and DynamoDB, by gateway endpoints',
    );
    const handler = handlerFunction(this, answers.id, {
      file: answers.file,
      description: answers.description,
      environment: {
        [ENV.path]: path,
        [ENV.tasks]: JSON.stringify(tasks),
        [ENV.jobsTable]: store.table.tableName,
        [ENV.mediaBucket]: store.bucket.bucketName,
        [ENV.machinesUrl]: balancer.url,
        [ENV.waitSeconds]: String(wait.toSeconds()),
        ...(model !== undefined && { [answers.modelVariable]: model }),
        [ENV.maxUploadBytes]: limits(settings).maxUploadBytes,
        [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
        [ENV.uploadExpirySeconds]: limits(settings).uploadExpirySeconds,
        [ENV.retentionDays]: String(settings.retentionDays),
      },
      timeout: TIMEOUT,
      // Memory holds several copies of a request: as base64, as bytes, and parsed.
      memoryMiB: 1024,
      inside: { vpc, subnets, securityGroup },
    });
    store.grantSubmit(handler);
    // Marks a stored input as queued at once, in case its event is lost.
    store.grantTransition(handler);
    store.grantReadObjects(handler, KEY.jobsPrefix);
    store.grantWriteObjects(handler, KEY.jobsPrefix);
    return handler;
  }
}

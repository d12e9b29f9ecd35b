import { Duration } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { type ISubnet, type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { AUDIO_ROUTES } from '../../core/contract/http';
import { ENV } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import { handlerFunction } from '../functions/handler';
import { modelName } from '../models/model-catalogue';
import type { JobApi } from './job-api';
import type { JobStore } from '../jobs/job-store';
import { limits, type Settings } from '../settings';
import type { MachinesBalancer } from './machines-balancer';

/** The API's gateway gives up after 30 seconds. */
const TIMEOUT = Duration.seconds(29);

export interface AudioApiProps {
  /** The API that gets the routes; its keys are theirs. */
  readonly api: JobApi;
  readonly vpc: IVpc;
  /** Where the function can be. */
  readonly subnets: ISubnet[];
  readonly balancer: MachinesBalancer;
  readonly store: JobStore;
  readonly path: string;
  /** Whether the path's machines understand recordings. */
  readonly analysis: boolean;
  /** Longest time that an answer in place may take; after it the request becomes a job. */
  readonly wait: Duration;
  readonly settings: Settings;
}

/**
 * OpenAI's audio routes: answered in place while a machine is warm, and otherwise made into a job (docs/decisions/010).
 *
 * The function is in the network without a way out of it: the load balancer is there, and S3 and DynamoDB have gateway
 * endpoints, which cost nothing. What it writes to S3 wakes the fleet by itself.
 */
export class AudioApi extends Construct {
  readonly transcribeAudio: NodejsFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AudioApiProps,
  ) {
    super(scope, id);
    this.transcribeAudio = this.handler();
    const integration = new HttpLambdaIntegration('TranscribeAudioIntegration', this.transcribeAudio);
    for (const [method, path] of AUDIO_ROUTES) props.api.addRoute(HttpMethod[method], path, integration);
  }

  private handler(): NodejsFunction {
    const { balancer, store, vpc, subnets, path, analysis, wait, settings } = this.props;
    const securityGroup = new SecurityGroup(this, 'FrontDoor', {
      vpc,
      description: 'Spotscribe front door: to the load balancer, S3 and DynamoDB; nothing in',
      allowAllOutbound: false,
    });
    balancer.admit(securityGroup);
    securityGroup.addEgressRule(
      // The endpoints' prefix lists have another id in each region, which only a look-up in an account would tell. From
      // here nothing else answers: without a public address no packet leaves through the internet gateway.
      Peer.anyIpv4(),
      Port.tcp(443),
      'S3 and DynamoDB, by gateway endpoints',
    );
    const handler = handlerFunction(this, 'TranscribeAudio', {
      file: 'openai/transcribe-audio',
      description: 'Transcribes in place while a machine is warm, and by a job otherwise',
      environment: {
        [ENV.path]: path,
        [ENV.analysis]: String(analysis),
        [ENV.jobsTable]: store.table.tableName,
        [ENV.mediaBucket]: store.bucket.bucketName,
        [ENV.machinesUrl]: balancer.url,
        [ENV.waitSeconds]: String(wait.toSeconds()),
        ...(settings.engine === 'whisperx' && { [ENV.whisperModel]: modelName(settings.model) }),
        [ENV.maxUploadBytes]: limits(settings).maxUploadBytes,
        [ENV.uploadExpirySeconds]: limits(settings).uploadExpirySeconds,
        [ENV.retentionDays]: String(settings.retentionDays),
      },
      timeout: TIMEOUT,
      // An upload is held in memory several times over: as base64, as bytes, and as its parts.
      memoryMiB: 1024,
      inside: { vpc, subnets, securityGroup },
    });
    store.grantSubmit(handler);
    // A recording that is stored is marked as queued at once, for the case that its event is lost.
    store.grantTransition(handler);
    store.grantReadObjects(handler, KEY.jobsPrefix);
    store.grantWriteObjects(handler, KEY.jobsPrefix);
    return handler;
  }
}

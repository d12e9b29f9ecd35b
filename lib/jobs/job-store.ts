import type { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  FLEET_MACHINES_ROW_ID,
  FLEET_ROW_ID,
  INDEX,
  KEY,
  MACHINE_ROW_PREFIX,
  SIZING_ROW_ID,
  usageId,
  voicesId,
  WARM_ROW_ID,
} from '../../core/contract/keys';
import { acknowledgeWildcard, findingName } from '../policies/acknowledge';
import { PrivateBucket } from '../private-bucket';
import { jobsTable } from './jobs-table';
import { mediaLifecycle } from './media-lifecycle';
import type { Settings } from '../settings';

export interface JobStoreProps {
  readonly onDestroy: Settings['onDestroy'];
  readonly retention: Duration;
}

/** Stores a path's jobs: rows in DynamoDB, audio and results in S3. */
export class JobStore extends Construct {
  readonly table: Table;
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: JobStoreProps) {
    super(scope, id);
    this.table = jobsTable(this, props.onDestroy);
    this.bucket = this.mediaBucket(props);
  }

  /** Lets a handler create rows and read them by id. */
  grantSubmit(grantee: IGrantable) {
    this.grantTable(grantee, 'GetItem', 'PutItem', 'ConditionCheckItem');
  }

  /** Lets a handler or worker read and update a row. */
  grantTransition(grantee: IGrantable) {
    this.grantTable(grantee, 'GetItem', 'UpdateItem');
  }

  /** Lets a handler delete rows. */
  grantErase(grantee: IGrantable) {
    this.grantTable(grantee, 'DeleteItem');
  }

  /** Lets a handler list a tenant's jobs. */
  grantList(grantee: IGrantable) {
    this.grantIndex(grantee, INDEX.byTenant);
  }

  /** Lets the sweeper find open jobs. */
  grantSweep(grantee: IGrantable) {
    this.grantIndex(grantee, INDEX.open);
  }

  /** Lets the fleet sizer read and update its own rows, and see which jobs wait, but change no job. */
  grantFleet(grantee: IGrantable) {
    this.grantRows(
      grantee,
      ['BatchGetItem', 'GetItem', 'PutItem', 'UpdateItem'],
      [`${MACHINE_ROW_PREFIX}*`, SIZING_ROW_ID, FLEET_ROW_ID, FLEET_MACHINES_ROW_ID, WARM_ROW_ID],
    );
    this.grantIndex(grantee, INDEX.waiting);
  }

  /** Lets a handler change the request to keep machines warm, and read the usage of keys. */
  grantWarm(grantee: IGrantable) {
    this.grantRows(grantee, ['GetItem', 'PutItem', 'DeleteItem'], [WARM_ROW_ID]);
    this.grantRows(grantee, ['GetItem'], [usageId('*', '*')]);
  }

  /**
   * Lets a handler change the rows with the voices of tenants, write and erase their recordings but
   * not read them, and read the usage of keys.
   */
  grantVoices(grantee: IGrantable) {
    this.grantRows(grantee, ['GetItem', 'PutItem'], [voicesId('*')]);
    this.grantRows(grantee, ['GetItem'], [usageId('*', '*')]);
    this.grantObjects(grantee, ['s3:PutObject'], [KEY.voicesPrefix]);
    this.grantEraseVersions(grantee, KEY.voicesPrefix);
  }

  /** Lets the grantee read current object versions under the given prefixes. */
  grantReadObjects(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:GetObject'], prefixes);
    // Without it S3 answers 403 instead of 404 for a missing object, and the error would be
    // misleading.
    this.grantListing(grantee, 's3:ListBucket', prefixes);
  }

  /**
   * Lets the grantee list and read single object versions (recordings) under the given prefixes.
   */
  grantReadVersions(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:GetObjectVersion'], prefixes);
    this.grantListVersions(grantee, ...prefixes);
  }

  /** Lets a handler read the object versions that are inputs of jobs. */
  grantReadInputs(grantee: IGrantable) {
    this.grantPatterns(grantee, ['s3:GetObjectVersion'], [`${KEY.inboxPrefix}*`, KEY.input('*')]);
  }

  grantWriteObjects(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:PutObject', 's3:AbortMultipartUpload'], prefixes);
  }

  /** Lets a handler list the uploaded parts of multipart uploads under the given prefixes. */
  grantListParts(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:ListMultipartUploadParts'], prefixes);
  }

  /** Lets a handler abort multipart uploads under the given prefixes. */
  grantAbortUploads(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:AbortMultipartUpload'], prefixes);
  }

  /** Lets the grantee list and delete single object versions under the given prefixes. */
  grantEraseVersions(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:DeleteObjectVersion'], prefixes);
    this.grantListVersions(grantee, ...prefixes);
  }

  /**
   * Lets a handler erase what workers wrote for jobs and recordings of known speakers, but no input,
   * and read results: they name their files, which are kept.
   */
  grantEraseWritten(grantee: IGrantable) {
    const results = `${KEY.allResults('*')}*`;
    this.grantPatterns(grantee, ['s3:GetObject'], [results]);
    this.grantPatterns(
      grantee,
      ['s3:DeleteObjectVersion'],
      [results, KEY.checkpoint('*'), `${KEY.speakers('*')}*`],
    );
    this.grantListVersions(grantee, KEY.jobsPrefix);
  }

  /** Lets the grantee list object versions under the given prefixes. */
  grantListVersions(grantee: IGrantable, ...prefixes: string[]) {
    this.grantListing(grantee, 's3:ListBucketVersions', prefixes);
  }

  private grantListing(grantee: IGrantable, action: string, prefixes: string[]) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [action],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
      }),
    );
  }

  private grantTable(grantee: IGrantable, ...actions: string[]) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn],
      }),
    );
  }

  /** @param ids of the rows, in which `*` stands for any text */
  private grantRows(grantee: IGrantable, actions: string[], ids: string[]) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn],
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ids },
          // A request without keys would satisfy the condition above.
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      }),
    );
  }

  private grantIndex(grantee: IGrantable, index: string) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: [`${this.table.tableArn}/index/${index}`],
      }),
    );
  }

  private grantObjects(grantee: IGrantable, actions: string[], prefixes: string[]) {
    const patterns = prefixes.map((prefix) => `${prefix}*`);
    this.grantPatterns(grantee, actions, patterns);
  }

  private grantPatterns(grantee: IGrantable, actions: string[], patterns: string[]) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions,
        resources: patterns.map((pattern) => this.bucket.arnForObjects(pattern)),
      }),
    );
    for (const pattern of patterns) {
      acknowledgeWildcard(
        grantee,
        `${findingName(this.bucket, 'Arn')}/${pattern}`,
        'Ids of jobs and voices are not known in advance. The policy names the prefix, whose keys only Spotscribe writes.',
      );
    }
  }

  private mediaBucket({ onDestroy, retention }: JobStoreProps): IBucket {
    const { bucket } = new PrivateBucket(this, 'Media', {
      onDestroy,
      // A job always uses the version of its recording that existed when the job was created.
      versioned: true,
      lifecycleRules: mediaLifecycle(retention),
    });
    // Set on the resource: the construct's option adds a custom resource with a wide role.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket;
  }
}

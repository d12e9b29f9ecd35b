import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { INDEX, MACHINE_ROW_PREFIX, SIZING_ROW_ID } from '../../core/contract/keys';
import { acknowledgeWildcard, findingName } from '../policies/acknowledge';
import { PrivateBucket } from '../private-bucket';
import { mediaLifecycle } from './media-lifecycle';
import type { Settings } from '../settings';

export interface JobStoreProps {
  readonly onDestroy: Settings['onDestroy'];
  readonly retention: Duration;
}

/** Where a path keeps its jobs: rows in DynamoDB, audio and results in S3. */
export class JobStore extends Construct {
  readonly table: Table;
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: JobStoreProps) {
    super(scope, id);
    this.table = this.jobsTable(props.onDestroy);
    this.bucket = this.mediaBucket(props);
  }

  /** Lets handlers make rows and read them, by id and by tenant. */
  grantSubmit(grantee: IGrantable) {
    this.grantTable(grantee, 'GetItem', 'PutItem', 'ConditionCheckItem');
  }

  /** Lets a handler or worker read a row and move it through its life. */
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

  /** Lets the sweeper find the jobs that wait for something. */
  grantSweep(grantee: IGrantable) {
    this.grantIndex(grantee, INDEX.open);
  }

  /** Lets the sizer of the fleet keep its own rows, and no job's. */
  grantFleet(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
        resources: [this.table.tableArn],
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${MACHINE_ROW_PREFIX}*`, SIZING_ROW_ID] },
          // Without keys in the request the condition above would hold.
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      }),
    );
  }

  /** Lets the grantee read objects as they are now below the prefixes given. */
  grantReadObjects(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:GetObject'], prefixes);
    // Without it a missing object looks forbidden (403 instead of 404), and would be reported for the wrong reason.
    this.grantListing(grantee, 's3:ListBucket', prefixes);
  }

  /** Lets the grantee find and read single versions of objects below the prefixes given: recordings. */
  grantReadVersions(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:GetObjectVersion'], prefixes);
    this.grantListVersions(grantee, ...prefixes);
  }

  grantWriteObjects(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:PutObject', 's3:AbortMultipartUpload'], prefixes);
  }

  /** Lets a handler see which parts of uploads have arrived below the prefixes given. */
  grantListParts(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:ListMultipartUploadParts'], prefixes);
  }

  /** Lets a handler give uploads up below the prefixes given. */
  grantAbortUploads(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:AbortMultipartUpload'], prefixes);
  }

  /** Lets the grantee find and erase single versions of objects below the prefixes given, and nothing but such versions. */
  grantEraseVersions(grantee: IGrantable, ...prefixes: string[]) {
    this.grantObjects(grantee, ['s3:DeleteObjectVersion'], prefixes);
    this.grantListVersions(grantee, ...prefixes);
  }

  /** Lets the grantee see which versions of objects there are below the prefixes given. */
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

  private grantIndex(grantee: IGrantable, index: string) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: [`${this.table.tableArn}/index/${index}`],
      }),
    );
  }

  private grantObjects(grantee: IGrantable, actions: string[], prefixes: string[]) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions,
        resources: prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}*`)),
      }),
    );
    for (const prefix of prefixes) {
      acknowledgeWildcard(
        grantee,
        `${findingName(this.bucket, 'Arn')}/${prefix}*`,
        'Jobs come and go; the policy names the folder that holds them, and the keys in it are ours.',
      );
    }
  }

  private jobsTable(onDestroy: Settings['onDestroy']): Table {
    const table = new Table(this, 'Jobs', {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expires_at',
      removalPolicy: onDestroy === 'delete' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    table.addGlobalSecondaryIndex({
      indexName: INDEX.byTenant,
      partitionKey: { name: 'tenant', type: AttributeType.STRING },
      sortKey: { name: 'created_at', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    table.addGlobalSecondaryIndex({
      indexName: INDEX.open,
      partitionKey: { name: 'open', type: AttributeType.STRING },
      sortKey: { name: 'sweep_at', type: AttributeType.NUMBER },
      projectionType: ProjectionType.ALL,
    });
    return table;
  }

  private mediaBucket({ onDestroy, retention }: JobStoreProps): IBucket {
    const { bucket } = new PrivateBucket(this, 'Media', {
      onDestroy,
      // A job keeps to the version of its recording that was there when it was made.
      versioned: true,
      lifecycleRules: mediaLifecycle(retention),
    });
    // Set on the resource itself: the construct's own switch brings a custom resource and a wide role along.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket;
  }
}

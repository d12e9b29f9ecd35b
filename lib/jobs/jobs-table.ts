import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { INDEX } from '../../core/contract/keys';
import { WAITING_ATTRIBUTES } from '../../core/fleet/waiting-jobs';
import type { Settings } from '../settings';

/** The table with the rows of jobs, and of what belongs to them: usage, machines, voices. */
export function jobsTable(scope: Construct, onDestroy: Settings['onDestroy']): Table {
  const table = new Table(scope, 'Jobs', {
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
  table.addGlobalSecondaryIndex({
    indexName: INDEX.waiting,
    partitionKey: { name: 'open', type: AttributeType.STRING },
    sortKey: { name: 'waits_from', type: AttributeType.NUMBER },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...WAITING_ATTRIBUTES],
  });
  return table;
}

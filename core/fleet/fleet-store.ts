import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { FLEET_ROW_ID } from '../contract/keys';
import type { FleetRow } from '../contract/machine';
import { NEW_FLEET } from './learning';
import type { Shortage } from './shortage';

/** What is known of the fleet, in the jobs table. Only the holder of the sizing lock writes it. */
export class FleetStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  async read(): Promise<FleetRow> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.table, Key: { id: FLEET_ROW_ID }, ConsistentRead: true }),
    );
    return (Item as FleetRow | undefined) ?? NEW_FLEET;
  }

  /** Only why the fleet lacks machines, as of a second ago. The whole row is large. */
  async shortage(): Promise<Shortage> {
    const { Item } = await this.client.send(
      new GetCommand({
        TableName: this.table,
        Key: { id: FLEET_ROW_ID },
        ProjectionExpression: 'short_since, launch_failure',
      }),
    );
    return (Item as Shortage | undefined) ?? {};
  }

  async write(row: FleetRow): Promise<void> {
    await this.client.send(new PutCommand({ TableName: this.table, Item: row }));
  }
}

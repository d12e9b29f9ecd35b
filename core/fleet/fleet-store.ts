import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { FLEET_ROW_ID } from '../contract/keys';
import type { FleetRow } from '../contract/machine';
import { NEW_FLEET } from './learning';

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

  async write(row: FleetRow): Promise<void> {
    await this.client.send(new PutCommand({ TableName: this.table, Item: row }));
  }
}

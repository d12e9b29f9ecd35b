import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { FLEET_ROW_ID } from '../contract/keys';
import type { FleetRow } from '../contract/machine';
import type { IdleBasis } from './idle-rule';
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

  /** Only why the fleet lacks machines. */
  shortage(): Promise<Shortage> {
    return this.part('short_since', 'launch_failure');
  }

  /** Only what the idle time of a machine follows. */
  async idleBasis(): Promise<IdleBasis> {
    const { boots, arrivals } = NEW_FLEET;
    return { boots, arrivals, ...(await this.part('boots', 'arrivals')) };
  }

  /** Some attributes, as of a second ago. The whole row is large. */
  private async part<Name extends keyof FleetRow>(...names: Name[]): Promise<Partial<Pick<FleetRow, Name>>> {
    const { Item } = await this.client.send(
      new GetCommand({
        TableName: this.table,
        Key: { id: FLEET_ROW_ID },
        ProjectionExpression: names.join(', '),
      }),
    );
    return (Item as Partial<Pick<FleetRow, Name>> | undefined) ?? {};
  }

  async write(row: FleetRow): Promise<void> {
    await this.client.send(new PutCommand({ TableName: this.table, Item: row }));
  }
}

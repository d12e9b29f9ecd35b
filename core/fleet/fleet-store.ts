import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { FLEET_MACHINES_ROW_ID, FLEET_ROW_ID } from '../contract/keys';
import type { FleetMachinesRow, FleetRow } from '../contract/machine';
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
    const [fleet = NEW_FLEET, own] = await Promise.all([
      this.row<FleetRow>(FLEET_ROW_ID),
      this.row<FleetMachinesRow>(FLEET_MACHINES_ROW_ID),
    ]);
    // The previous release stored the machines in the row of the fleet.
    return { ...fleet, machines: own?.machines ?? fleet.machines };
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

  private async row<Row>(id: string): Promise<Row | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.table, Key: { id }, ConsistentRead: true }),
    );
    return Item as Row | undefined;
  }

  /** Some attributes, as of a second ago. */
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

  /** If it fails halfway, the next sizing learns less, but nothing twice. */
  async write(fleet: FleetRow): Promise<void> {
    const own: FleetMachinesRow = { id: FLEET_MACHINES_ROW_ID, machines: fleet.machines };
    for (const Item of [own, { ...fleet, machines: {} }])
      await this.client.send(new PutCommand({ TableName: this.table, Item }));
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { voicesId } from '../contract/keys';
import { VOICE_LIMITS } from '../contract/limits';
import type { Voice, VoicesRow } from '../contract/voices';
import { ifHolds } from '../jobs/conditional-write';

const TRIES = 8;
const FIRST_DELAY_MS = 25;

/** Why a voice was not added: the one that has its name, or the limit. */
export type NotAdded = { reason: 'name'; other: Voice } | { reason: 'full' };

/**
 * The voices that tenants keep. All voices of a tenant are one row of the jobs table, so that names
 * are unique and their number is limited. The row has at most 50 voices, about 40 KB.
 */
export class VoiceStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  async list(tenant: string): Promise<Voice[]> {
    return (await this.row(tenant))?.voices ?? [];
  }

  /** Adds a voice, or returns why not. */
  async add(tenant: string, voice: Voice): Promise<NotAdded | undefined> {
    let refused: NotAdded | undefined;
    await this.change(tenant, (voices) => {
      const other = voices.find(({ name }) => name === voice.name);
      refused =
        other !== undefined
          ? { reason: 'name', other }
          : voices.length >= VOICE_LIMITS.voices
            ? { reason: 'full' }
            : undefined;
      return refused === undefined ? [...voices, voice] : voices;
    });
    return refused;
  }

  /** Removes a voice, if the tenant has it. */
  remove(tenant: string, id: string): Promise<void> {
    return this.change(tenant, (voices) =>
      voices.some((voice) => voice.id === id) ? voices.filter((voice) => voice.id !== id) : voices,
    );
  }

  /** Changes the list, again if another request changed it meanwhile. The same list changes nothing. */
  private async change(tenant: string, changed: (voices: Voice[]) => Voice[]): Promise<void> {
    for (let tries = 1; tries <= TRIES; tries++) {
      const row = await this.row(tenant);
      const before = row?.voices ?? [];
      const voices = changed(before);
      if (voices === before) return;
      const { revision = 0 } = row ?? {};
      const put = new PutCommand({
        TableName: this.table,
        Item: { id: voicesId(tenant), revision: revision + 1, voices } satisfies VoicesRow,
        ...(row === undefined
          ? { ConditionExpression: 'attribute_not_exists(id)' }
          : {
              ConditionExpression: 'revision = :revision',
              ExpressionAttributeValues: { ':revision': revision },
            }),
      });
      if ((await ifHolds(this.client.send(put))) !== undefined) return;
      await sleep(Math.random() * FIRST_DELAY_MS * 2 ** tries);
    }
    throw new Error(`The voices of a tenant changed ${TRIES} times meanwhile`);
  }

  private async row(tenant: string): Promise<VoicesRow | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.table, Key: { id: voicesId(tenant) }, ConsistentRead: true }),
    );
    return Item as VoicesRow | undefined;
  }
}

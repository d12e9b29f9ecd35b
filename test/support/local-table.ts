import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LocalServer } from '../local-server';

/** A value in DynamoDB's format, such as `{ S: 'text' }`. */
type Value = Record<string, unknown>;
type Row = Record<string, Value>;

interface Write {
  Item?: Row;
  Key?: Row;
  ConditionExpression?: string;
  UpdateExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, Value>;
}
type Input = Write & { TransactItems?: { Put?: Write; Update?: Write }[] };

/**
 * The part of DynamoDB that a jobs table needs, with its protocol. Conditions and transactions
 * work.
 */
export class LocalTable extends LocalServer {
  private readonly rows = new Map<string, Row>();
  /** The requested operations, such as `TransactWriteItems`. */
  readonly operations: string[] = [];
  /** Awaited before an operation takes effect. */
  before: (operation: string) => Promise<void> = async () => undefined;
  /** Awaited after an operation took effect, before it is answered. */
  after: (operation: string) => Promise<void> = async () => undefined;

  client(): DynamoDBDocumentClient {
    const client = new DynamoDBClient({
      endpoint: this.url,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  }

  /** Deletes all data and delays. */
  reset(): void {
    this.rows.clear();
    this.operations.length = 0;
    this.before = this.after = async () => undefined;
  }

  /** Deletes a row. */
  remove(id: string): void {
    this.rows.delete(id);
  }

  /** Ids of the rows with this prefix. */
  ids(prefix: string): string[] {
    return [...this.rows.keys()].filter((id) => id.startsWith(prefix));
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const input = (await json(request)) as Input;
    this.operations.push(operation);
    await this.before(operation);
    const [status, body] = this.done(operation, input);
    await this.after(operation);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  }

  private done(operation: string, input: Input): [status: number, body: object] {
    if (operation === 'GetItem') return [200, { Item: this.rows.get(idOf(input)) }];
    if (operation === 'DeleteItem') {
      this.rows.delete(idOf(input));
      return [200, {}];
    }
    const writes = (input.TransactItems ?? [{ Put: input }]).map(({ Put, Update }) => Put ?? Update ?? {});
    const held = writes.map((write) => this.holds(write));
    if (held.includes(false)) return this.refused(operation, held);
    for (const write of writes) this.rows.set(idOf(write), write.Item ?? this.updated(write));
    return [200, { Attributes: this.rows.get(idOf(writes[0] ?? {})) }];
  }

  private refused(operation: string, held: boolean[]): [status: number, body: object] {
    if (operation !== 'TransactWriteItems') return [400, { __type: 'ConditionalCheckFailedException' }];
    const CancellationReasons = held.map((holds) => ({ Code: holds ? 'None' : 'ConditionalCheckFailed' }));
    return [400, { __type: 'TransactionCanceledException', CancellationReasons }];
  }

  /** Conditions are joined by either AND or OR. A bracketed one has two parts. */
  private holds({ ConditionExpression: condition = '', ...write }: Write): boolean {
    const row = this.rows.get(idOf(write)) ?? {};
    const test = (text: string): boolean => {
      const [, inner] = /^\((.*)\)$/.exec(text) ?? [];
      if (inner !== undefined && /^\(attribute_not_exists/.test(text)) return any(inner);
      const [, absent] = /^attribute_not_exists\((.*)\)$/.exec(text) ?? [];
      if (absent !== undefined) return row[name(absent)] === undefined;
      const [, attribute = '', operator, values = ''] = /^(\S+) (=|<|IN) \(?(.*?)\)?$/.exec(text) ?? [];
      const found = plain(row[name(attribute)]);
      const wanted = values.split(', ').map((each) => plain(write.ExpressionAttributeValues?.[each]));
      if (operator === '<') return found !== undefined && found < (wanted[0] ?? 0);
      return wanted.includes(found);
    };
    const name = (text: string) => write.ExpressionAttributeNames?.[text] ?? text;
    const any = (text: string) => text.split(' OR ').some(test);
    return (
      condition === '' ||
      condition.split(' AND ').every((part) => (/^\(/.test(part) ? test(part) : any(part)))
    );
  }

  private updated({ UpdateExpression = '', ...write }: Write): Row {
    const row = { ...this.rows.get(idOf(write)), ...write.Key };
    const name = (text: string) => write.ExpressionAttributeNames?.[text] ?? text;
    const value = (text: string) => write.ExpressionAttributeValues?.[text] ?? {};
    for (const [, clause, text = ''] of UpdateExpression.matchAll(
      /(SET|REMOVE|ADD) (.*?)(?= REMOVE| ADD|$)/g,
    )) {
      for (const part of text.split(/, (?=#)/)) {
        const [attribute = '', ...rest] = part.split(/ = | /);
        const once = /if_not_exists\(.*, (.*)\)/.exec(part)?.[1];
        if (clause === 'REMOVE') delete row[name(attribute)];
        else if (once !== undefined) row[name(attribute)] ??= value(once);
        else if (clause === 'SET') row[name(attribute)] = value(rest[0] ?? '');
        else row[name(attribute)] = { N: String(sum(row[name(attribute)], value(rest[0] ?? ''))) };
      }
    }
    return row;
  }
}

const idOf = ({ Item, Key }: Write): string => String((Item ?? Key)?.id?.S);
const plain = (value?: Value) =>
  value?.N === undefined ? (value?.S as string | undefined) : Number(value.N);
const sum = (...values: (Value | undefined)[]) =>
  values.reduce((total, value) => total + Number(value?.N ?? 0), 0);

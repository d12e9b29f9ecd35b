import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LocalServer } from '../local-server';

export type Fields = Record<string, unknown>;
/** The answer to an operation: fields, or the name of an error. */
export type Operation = (input: Fields) => Fields | AwsError;

export class AwsError {
  constructor(
    readonly name: string,
    readonly message: string,
  ) {}
}

/** A real HTTP server with the protocol of AWS's JSON services and the given operations. */
export class FakeAws extends LocalServer {
  /** The requested operations, in order. */
  readonly asked: { operation: string; input: Fields }[] = [];
  /** Files for download, by path. */
  readonly files = new Map<string, string>();
  operations: Record<string, Operation> = {};

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', headers } = request;
    const body = await text(request);
    const operation = String(headers['x-amz-target'] ?? '').split('.')[1];
    if (operation === undefined) this.download(url, response);
    else this.answer(operation, JSON.parse(body) as Fields, response);
  }

  /** Settings for a client of any service. */
  get client() {
    return {
      endpoint: this.url,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    };
  }

  /** The inputs of the requests for an operation. */
  inputs(operation: string): Fields[] {
    return this.asked.filter((each) => each.operation === operation).map(({ input }) => input);
  }

  private answer(operation: string, input: Fields, response: ServerResponse): void {
    this.asked.push({ operation, input });
    const answer =
      this.operations[operation]?.(input) ??
      new AwsError('UnknownOperationException', `No ${operation} here`);
    const refused = answer instanceof AwsError;
    const body = refused ? { __type: answer.name, message: answer.message } : answer;
    response.writeHead(refused ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  }

  private download(url: string, response: ServerResponse): void {
    const file = this.files.get(url);
    response.writeHead(file === undefined ? 404 : 200).end(file);
  }
}

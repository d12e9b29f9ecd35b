import { REGION } from './emulator';

/** Reads and writes Systems Manager parameters of the emulator, which checks no signatures. */
export class Parameters {
  constructor(private readonly endpoint: string) {}

  /** @returns undefined if the parameter does not exist */
  async get(name: string): Promise<string | undefined> {
    const answer = await this.call('GetParameter', { Name: name });
    if (answer.__type?.endsWith('ParameterNotFound') === true) return undefined;
    const value = answer.Parameter?.Value;
    if (value === undefined)
      throw new Error(`The parameter ${name} could not be read: ${JSON.stringify(answer)}`);
    return value;
  }

  /** Overwrites the value of a parameter. */
  async put(name: string, value: string): Promise<void> {
    await this.call('PutParameter', { Name: name, Value: value, Type: 'String', Overwrite: true });
  }

  private async call(action: string, input: object): Promise<Answer> {
    const answer = await fetch(this.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AmazonSSM.${action}`,
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/ssm/aws4_request, SignedHeaders=host, Signature=none`,
      },
      body: JSON.stringify(input),
    });
    return (await answer.json()) as Answer;
  }
}

interface Answer {
  /** Type of the error. */
  __type?: string;
  Parameter?: { Value?: string };
}

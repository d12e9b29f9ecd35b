import { REGION } from './emulator';

/** The emulator's Systems Manager refused a request. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';

  constructor(
    /** Type of the error, such as `ParameterNotFound`. */
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  __type?: string;
  message?: string;
  Parameter?: { Value: string };
}

/** Reads a parameter of the emulator's Systems Manager; undefined if it does not exist. */
export async function readParameter(endpoint: string, name: string): Promise<string | undefined> {
  try {
    return (await systemsManager(endpoint, 'GetParameter', { Name: name })).Parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterError && error.type === 'ParameterNotFound') return undefined;
    throw error;
  }
}

/**
 * Calls the emulator's Systems Manager, which checks no signatures.
 *
 * @throws ParameterError if it refuses the request
 */
export async function systemsManager(endpoint: string, action: string, input: object): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AmazonSSM.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/ssm/aws4_request, SignedHeaders=host, Signature=none`,
    },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as Answer;
  if (response.ok) return answer;
  const type = answer.__type?.replace(/^.*#/, '') ?? String(response.status);
  throw new ParameterError(type, `${action} of a parameter failed: ${type} ${answer.message ?? ''}`.trim());
}

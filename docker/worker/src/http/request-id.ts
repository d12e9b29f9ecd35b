import { randomBytes } from 'node:crypto';

/** Creates a request id for the header `x-request-id` and the log. OpenAI's clients expose it. */
export const newRequestId = (): string => `req_${randomBytes(16).toString('hex')}`;

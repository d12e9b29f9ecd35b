import { randomBytes } from 'node:crypto';

/** The id of a request, which its answer shows as `x-request-id` and the log has. OpenAI's clients give it to their callers. */
export const newRequestId = (): string => `req_${randomBytes(16).toString('hex')}`;

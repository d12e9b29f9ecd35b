import { gzipSync } from 'node:zlib';
import { Refusal, type Response } from './refusal';
import type { Request } from './caller';

/** What fits through Lambda (6 MB, some of it escaped). */
export const MAX_ANSWER_BYTES = 4_500_000;
/** The encoding is accepted, and not with a weight of 0. */
const GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i;

/**
 * A transcript's rendering as an answer that fits through Lambda: compressed, if it must be. Unlike the transcript itself,
 * none lies in S3.
 *
 * @param format its name, and the parameter that asked for it
 * @throws Refusal (400) if it does not fit
 */
export function fitted(
  request: Request,
  format: { param: string; name: string },
  headers: Record<string, string>,
  body: string,
): Response {
  const bytes = Buffer.byteLength(body);
  if (bytes <= MAX_ANSWER_BYTES) return { statusCode: 200, headers, body };
  const packed = GZIP.test(request.headers['accept-encoding'] ?? '') ? gzipSync(body).toString('base64') : '';
  if (packed !== '' && packed.length <= MAX_ANSWER_BYTES) {
    const coding = { 'content-encoding': 'gzip', vary: 'accept-encoding' };
    return { statusCode: 200, headers: { ...headers, ...coding }, body: packed, isBase64Encoded: true };
  }
  const limit = `${bytes} bytes as "${format.name}"; at most ${MAX_ANSWER_BYTES} can be answered`;
  const cure = packed === '' ? 'Accept the encoding gzip, or ask' : 'Ask';
  const message = `The transcript has ${limit}. ${cure} for the format "json"`;
  throw new Refusal(400, 'invalid_request', message, { param: format.param });
}

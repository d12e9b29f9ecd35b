import { gzipSync } from 'node:zlib';
import { Refusal, type Response } from './refusal';
import type { Request } from './caller';

/** Largest answer in bytes. Lambda's limit is 6 MB, and some characters are escaped. */
export const MAX_ANSWER_BYTES = 4_500_000;
/** Matches if gzip is accepted, with a weight other than 0. */
const GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i;

/**
 * Answers with a rendered result, compressed if it exceeds the limit of Lambda. Renderings are
 * not stored in S3, so a redirect is not possible.
 *
 * @param format its name, and the request parameter that selects it
 * @throws Refusal (400) if it is too large
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
  const size = `${bytes} bytes in the format "${format.name}"; the limit is ${MAX_ANSWER_BYTES} bytes`;
  const cure = packed === '' ? 'Send "Accept-Encoding: gzip", or request' : 'Request';
  const message = `The result has ${size}. ${cure} the format "json"`;
  throw new Refusal(400, 'invalid_request', message, { param: format.param });
}

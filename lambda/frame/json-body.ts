import { Refusal } from './refusal';
import type { Request } from './caller';
import { shown } from '../../core/contract/text';

const MAX_DEPTH = 8;

/** Limit of a body, and what a caller with a larger one should do. */
export interface BodyLimit {
  bytes: number;
  /** A sentence without its full stop. */
  cure: string;
}

const LIMIT: BodyLimit = { bytes: 64 * 1024, cure: 'Send the input to the upload URL' };

/**
 * The JSON body of a request, or an empty object if there is no body.
 *
 * @param limit @default - that of a request without content
 * @throws Refusal (400, 413, 415) with the reason
 */
export function jsonBody(request: Request, limit = LIMIT): unknown {
  const text = request.isBase64Encoded
    ? Buffer.from(request.body ?? '', 'base64').toString('utf8')
    : (request.body ?? '');
  if (text === '') return {};
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Refusal(
      415,
      'unsupported_media_type',
      `Content-Type must be application/json; got ${shown(type)}`,
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > limit.bytes) {
    throw new Refusal(
      413,
      'invalid_request',
      `The body must be at most ${limit.bytes} bytes; got ${bytes}. ${limit.cure}`,
    );
  }
  if (depth(text) > MAX_DEPTH) {
    throw new Refusal(400, 'invalid_request', `The body must not be nested deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(text, MAY_NAME_PROTOTYPE.test(text) ? refusePrototype : undefined);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'invalid_request', 'The body is not valid JSON');
  }
}

/** The name of the prototype, or an escape by which it could be written. */
const MAY_NAME_PROTOTYPE = /__proto__|\\u/;

/** Schemas do not see this name, so that it would be ignored without a word. */
function refusePrototype(name: string, value: unknown): unknown {
  if (name === '__proto__')
    throw new Refusal(400, 'invalid_request', '"__proto__" is not the name of a field. Remove it');
  return value;
}

/**
 * Nesting depth of brackets outside strings. Checked before parsing, because deeply nested JSON can
 * exhaust the parser.
 */
function depth(text: string): number {
  let deepest = 0;
  let open = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted) at += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++open);
    else if (character === '}' || character === ']') open--;
  }
  return deepest;
}

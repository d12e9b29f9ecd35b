import { Busboy } from '@fastify/busboy';
import { Refusal } from './http';

/** What no client sends: fields beside the file. */
const MAX_FIELDS = 100;

/** The fields of a form that are text, by name without brackets: a list's entries have one name. Empty ones are left out. */
export type FormFields = ReadonlyMap<string, readonly string[]>;

/** A form with a recording, as OpenAI's clients send it. */
export interface AudioForm {
  file?: { name: string; bytes: Buffer };
  fields: FormFields;
}

/**
 * Reads a multipart form that is in memory as a whole.
 *
 * @throws Refusal (400, 413, 415) naming what is wrong with it
 */
export async function readForm(body: Buffer, contentType: string, maxBytes: number): Promise<AudioForm> {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    const got = JSON.stringify(contentType.slice(0, 100));
    throw new Refusal(
      415,
      'unsupported_media_type',
      `Content-Type must be multipart/form-data with a boundary; got ${got}`,
    );
  }
  const files: { name: string; chunks: Buffer[] }[] = [];
  const fields = new Map<string, string[]>();
  await new Promise<void>((resolve, reject) => {
    const fail = (problem: string, param?: string) =>
      reject(new Refusal(400, 'invalid_request', problem, { param }));
    const parser = parserOf(contentType, body.length);
    parser.on('file', (field, stream, name) => {
      const chunks: Buffer[] = [];
      files.push({ name, chunks });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => undefined); // The parser tells it too.
      if (field !== 'file') fail(`A file came as ${shown(field)}; name it "file"`, 'file');
      else if (files.length > 1) fail('The form has two files; send one', 'file');
    });
    parser.on('field', (name, value) => {
      const plain = String(name).split('[')[0] ?? '';
      if (value !== '') fields.set(plain, [...(fields.get(plain) ?? []), value]);
    });
    parser.on('fieldsLimit', () => fail(`The form has more than ${MAX_FIELDS} fields`));
    parser.on('partsLimit', () => fail(`The form has more than ${MAX_FIELDS} fields`));
    parser.on('error', (error) =>
      fail(`The form cannot be read: ${shown(String((error as Error).message))}`),
    );
    parser.on('finish', resolve);
    parser.end(body);
  });
  const [file] = files;
  if (file === undefined) return { fields };
  const bytes = Buffer.concat(file.chunks);
  if (bytes.length > maxBytes) {
    const message = `"file" must be at most ${maxBytes} bytes; got ${bytes.length}`;
    throw new Refusal(413, 'upload_too_large', message, { param: 'file' });
  }
  return { file: { name: file.name, bytes }, fields };
}

function parserOf(contentType: string, size: number) {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      // A field may be as large as the form, which has been taken already: recordings of known speakers are fields.
      limits: { fieldSize: size, fields: MAX_FIELDS, parts: MAX_FIELDS + 1 },
    });
  } catch (error) {
    throw new Refusal(400, 'invalid_request', `The form cannot be read: ${shown((error as Error).message)}`);
  }
}

const shown = (text: string) => JSON.stringify(text.slice(0, 100));

import { type FormFields, FieldCollector } from '../../../core/forms/form-fields';
import { FormError } from '../../../core/forms/form-error';
import { fieldBytes } from './form-options';
import { Refusal } from '../../frame/refusal';
import { MultipartReader } from '../../../core/forms/multipart';
import { shown } from '../../../core/contract/text';

/** A form with a recording, as OpenAI's clients send it. */
export interface AudioForm {
  file?: { name: string; bytes: Buffer };
  fields: FormFields;
}

/**
 * Reads a multipart form from memory.
 *
 * @throws Refusal (400, 413, 415) with the reason
 */
export function readForm(body: Buffer, contentType: string, maxBytes: number): AudioForm {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    const message = `Content-Type must be multipart/form-data with a boundary; got ${shown(contentType)}`;
    throw new Refusal(415, 'unsupported_media_type', message);
  }
  try {
    return parsed(body, contentType, maxBytes);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    throw new Refusal(400, 'invalid_request', error.message, {
      param: error.param?.slice(0, 100).toWellFormed(),
    });
  }
}

function parsed(body: Buffer, contentType: string, maxBytes: number): AudioForm {
  const reader = new MultipartReader(contentType);
  const collector = new FieldCollector(fieldBytes);
  let file: { name: string; chunks: Buffer[] } | undefined;
  let isFile = false;
  for (const event of reader.write(body)) {
    if (event.type === 'part') {
      const { name, filename } = event.part;
      isFile = filename !== undefined;
      if (isFile) file = { name: soleFile(name, filename, file), chunks: [] };
      else if (name === 'file') throw new FormError(TEXT_AS_FILE, 'file');
      else collector.begin(event.part);
    } else if (isFile) {
      if (event.type === 'data') file?.chunks.push(event.bytes);
    } else if (event.type === 'data') collector.add(event.bytes);
    else collector.end();
  }
  reader.end();
  const fields = collector.fields();
  if (file === undefined) return { fields };
  const bytes = Buffer.concat(file.chunks);
  if (bytes.length > maxBytes) {
    const message = `"file" must be at most ${maxBytes} bytes; got ${bytes.length}`;
    throw new Refusal(413, 'upload_too_large', message, { param: 'file' });
  }
  return { file: { name: file.name, bytes }, fields };
}

const TEXT_AS_FILE = '"file" came as text: send it as a file with a filename, as curl -F file=@talk.mp3 does';

/** @throws FormError if the file's field is not named "file", or there is a second file */
function soleFile(name: string, filename = '', earlier?: object): string {
  if (name !== 'file') throw new FormError(`A file came as ${shown(name)}; name it "file"`, 'file');
  if (earlier !== undefined) throw new FormError('The form has two files; send one', 'file');
  return filename;
}

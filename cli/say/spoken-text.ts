import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { SPEECH_LIMITS } from '../../core/contract/limits';
import { UsageError } from '../errors';
import { inputType } from '../run/media-type';
import { findInputs, type Input } from '../transcribe/inputs';

/** The text itself, or a file that only the deployment can read. */
export type Spoken = { text: string } | { input: Input; type?: string };

/** Most bytes of standard input: those of the longest text that a deployment speaks. */
const MOST_BYTES = 20_000_000;
/** Bytes of a character in UTF-8. */
const CHARACTER_BYTES = 4;

/** Where a text can come from. */
export interface TextSource {
  /** `-` for standard input. */
  argument?: string;
  file?: string;
  stdin: () => Readable;
  signal: AbortSignal;
}

/**
 * The text to speak.
 *
 * @throws UsageError if there is none, two, or one that is empty or not text
 */
export async function spokenText({ argument, file, stdin, signal }: TextSource): Promise<Spoken> {
  if (argument !== undefined && file !== undefined)
    throw new UsageError('The text is given twice: leave out the argument, or --file');
  if (file !== undefined) return ofFile(file);
  if (argument === undefined)
    throw new UsageError(
      'The text is missing: spotscribe say "text", --file <file>, or - for standard input',
    );
  return { text: filled(argument === '-' ? await readAll(stdin(), signal) : argument, 'The text') };
}

/** Whether a request is enough. Otherwise a job speaks the text. */
export const isShort = (text: string): boolean =>
  text.length <= 2 * SPEECH_LIMITS.inPlace && [...text].length <= SPEECH_LIMITS.inPlace;

/** Uses a text as the input of a job: a temporary file. */
export async function asInput<T>(text: string, use: (input: Input) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'spotscribe-say-'));
  try {
    const path = join(folder, 'text.txt');
    await writeFile(path, text, { mode: 0o600 });
    const [input] = await findInputs([path], false);
    return await use(input!);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ofFile(path: string): Promise<Spoken> {
  const [input] = await findInputs([path], false, 'name a file in it');
  const type = inputType(path, { speech: {} });
  const document = { input: input!, type };
  const isPlain = type === undefined || type === 'text/plain';
  if (!isPlain || document.input.size > SPEECH_LIMITS.inPlace * CHARACTER_BYTES) return document;
  const text = decoded(await readFile(path));
  return text === undefined ? document : { text: filled(text, path) };
}

async function readAll(stdin: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stdin)) {
      chunks.push(Buffer.from(chunk as Uint8Array));
      bytes += (chunk as Uint8Array).length;
      if (bytes > MOST_BYTES)
        throw new UsageError(`Standard input has more than ${MOST_BYTES} bytes: divide the text`);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  const text = decoded(Buffer.concat(chunks));
  if (text === undefined) throw new UsageError('Standard input is not text in UTF-8');
  return text;
}

function filled(text: string, what: string): string {
  if (text.trim() === '') throw new UsageError(`${what} is empty`);
  return text;
}

/** Decodes UTF-8. Undefined if it is something else. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

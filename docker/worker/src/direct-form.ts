import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { JobOptions } from '../../../lambda/contract';
import { SpotscribeError } from '../../../lambda/errors';
import { jobOptions } from '../../../lambda/job-options';
import { DiskFull } from './errors';
import { stallGuard } from './stall-guard';

/** A client that sends nothing for so long is given up: it holds a place that others wait for. */
const STALL_MS = 30_000;
/** Largest size of a field, in bytes: a prompt has 2000 characters. */
const FIELD_BYTES = 16 << 10;
const FIELDS = 64;

const NUMBERS = ['num_speakers', 'min_speakers', 'max_speakers'];
const FLAGS = ['diarize', 'analysis'];

/**
 * Reads a form: its file goes to the path given, its other fields are the options of a job, by their own names. Of the
 * analysis, `tasks` are parted by commas, `question` may be repeated, and `analysis=false` declines it.
 *
 * @throws SpotscribeError `invalid_request` naming the field; `upload_too_large`
 * @throws DiskFull if the scratch disk has no room
 */
export async function readForm(request: FastifyRequest, file: string, maxBytes: number): Promise<JobOptions> {
  if (!request.isMultipart()) {
    throw invalid(
      'The body must be multipart/form-data with the audio as "file", as curl -F file=@talk.mp3 sends it',
    );
  }
  const fields: [string, string][] = [];
  let hasFile = false;
  const limits = { fileSize: maxBytes, files: 1, fields: FIELDS, parts: FIELDS + 1, fieldSize: FIELD_BYTES };
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'field') fields.push([part.fieldname, String(part.value)]);
      else if (part.fieldname !== 'file')
        throw invalid(`A file came as ${shown(part.fieldname)}; name it "file"`);
      else {
        await save(part, file, maxBytes);
        hasFile = true;
      }
    }
  } catch (error) {
    throw readable(error, maxBytes);
  }
  if (!hasFile) throw invalid('The form has no "file": add the audio, as curl -F file=@talk.mp3 does');
  return optionsOf(fields);
}

async function save(part: MultipartFile, path: string, maxBytes: number): Promise<void> {
  const target = createWriteStream(path, { flags: 'wx', mode: 0o640 });
  await pipeline(part.file, stallGuard(STALL_MS), target);
  if (part.file.truncated) throw tooLarge(maxBytes);
  if (target.bytesWritten === 0) throw new SpotscribeError('bad_audio', 'The file is empty');
}

function optionsOf(fields: [string, string][]): JobOptions {
  const speech: Record<string, unknown> = {};
  const analysis: { tasks?: string[]; questions?: string[] } = {};
  for (const [name, value] of fields) {
    if (name === 'tasks')
      analysis.tasks = [...(analysis.tasks ?? []), ...value.split(',').map((each) => each.trim())];
    else if (name === 'question') analysis.questions = [...(analysis.questions ?? []), value];
    else if (name === 'speaker_cleanup') speech[name] = value === '' ? [] : value.split(',');
    else if (NUMBERS.includes(name)) speech[name] = Number(value);
    else if (FLAGS.includes(name) && ['true', 'false'].includes(value)) speech[name] = value === 'true';
    else speech[name] = value;
  }
  if (Object.keys(analysis).length > 0 && speech.analysis === false)
    throw invalid('"analysis" is false, and "tasks" or "question" ask for one: leave one out');
  const chosen = Object.keys(analysis).length > 0 ? { ...speech, analysis } : speech;
  const parsed = jobOptions.safeParse(chosen);
  if (parsed.success) return parsed.data;
  throw invalid(z.prettifyError(parsed.error).replaceAll('\n', ' '));
}

/** What went wrong with the body, as an error of ours. */
function readable(error: unknown, maxBytes: number): unknown {
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message: string };
  if (code === 'ENOSPC') return new DiskFull(maxBytes, { cause: error });
  if (statusCode === 413) return tooLarge(maxBytes);
  return statusCode === undefined || statusCode >= 500 ? error : invalid(message);
}

const invalid = (message: string) => new SpotscribeError('invalid_request', message);
const tooLarge = (maxBytes: number) =>
  new SpotscribeError('upload_too_large', `The file must be at most ${maxBytes} bytes`);
const shown = (name: string) => JSON.stringify(name.slice(0, 50));

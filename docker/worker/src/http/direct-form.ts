import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod/mini';
import { ANALYSIS_TASKS, CHANNEL_MODES } from '../../../../core/contract/names';
import type { JobOptions } from '../../../../core/contract/work/options';
import { ANSWER_SCHEMA_LIMITS, OPTION_LIMITS, QUESTION_LIMITS } from '../../../../core/contract/limits';
import { SpotscribeError } from '../../../../core/contract/errors';
import { choice, flag, number, object } from '../../../../core/forms/field-values';
import { FormError } from '../../../../core/forms/form-error';
import { FieldCollector, type FormFields } from '../../../../core/forms/form-fields';
import { jobOptions } from '../../../../core/tasks/accepted-options';
import { MultipartReader, type PartEvent } from '../../../../core/forms/multipart';
import { shown, text } from '../../../../core/contract/text';
import { complaint } from '../../../../core/forms/complaint';
import { DiskFull } from '../errors';
import type { Arrival } from './intake';
import { Stalled, stallGuard } from './stall-guard';

/** Largest size of a field in bytes: that of a schema. A prompt has 2000 characters. */
const FIELD_BYTES = ANSWER_SCHEMA_LIMITS.bytes;
/** Bytes allowed for boundaries, headers and fields around the file. */
export const ENVELOPE_BYTES = 1 << 20;

const { speakers, languages, tracks } = OPTION_LIMITS;
const count = z.optional(number(1, speakers));
const list = (most: number) => z.optional(z.array(text(FIELD_BYTES)).check(z.maxLength(most)));

/** Form fields, which have the names of the job options. */
const FORM = {
  language: z.optional(text(FIELD_BYTES)),
  languages: list(languages),
  task: z.optional(text(FIELD_BYTES)),
  hotwords: z.optional(text(FIELD_BYTES)),
  prompt: z.optional(text(FIELD_BYTES)),
  track: z.optional(number(1, tracks)),
  channels: z.optional(choice(CHANNEL_MODES)),
  diarize: z.optional(flag()),
  num_speakers: count,
  min_speakers: count,
  max_speakers: count,
  speaker_cleanup: list(8),
  analysis: z.optional(flag()),
  tasks: list(ANALYSIS_TASKS.length),
  question: list(QUESTION_LIMITS.count),
  schema: z.optional(
    object(z.record(z.string(), z.unknown()), FIELD_BYTES, 'Expected a JSON schema, as a JSON object'),
  ),
};
const form = z.strictObject(FORM);
const LISTS = ['languages', 'speaker_cleanup', 'tasks', 'question'];

/** A field of the form is not acceptable. */
export class InvalidField extends SpotscribeError {
  override readonly name = 'InvalidField';

  constructor(
    message: string,
    /** Name of the field. */
    readonly param: string | undefined,
  ) {
    super('invalid_request', message);
  }
}

/**
 * Reads a form: its file is written to the given path, and its other fields are the options of a
 * job. For the analysis, `tasks` are separated by commas, `question` may be repeated, `schema` is
 * JSON, and `analysis=false` disables it.
 *
 * @throws SpotscribeError `invalid_request` with the name of the field; `upload_too_large`;
 * `bad_audio` for an empty file
 * @throws Crowded if the upload is dropped in favour of another one, or the disk space for uploads
 * is full
 * @throws DiskFull if the scratch disk has no room
 */
export async function readForm(
  request: FastifyRequest,
  file: string,
  maxBytes: number,
  arrival: Arrival,
): Promise<JobOptions> {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new SpotscribeError(
      'unsupported_media_type',
      `The body must be multipart/form-data with the audio as "file", as curl -F file=@talk.mp3 sends it; got ${shown(contentType)}`,
    );
  }
  try {
    return optionsOf(await received(request, contentType, file, maxBytes, arrival));
  } catch (error) {
    if (error instanceof FormError) throw invalid(error.message);
    if (error instanceof Stalled) throw invalid(`The form is cut off: ${error.message}`);
    throw (error as { code?: string }).code === 'ENOSPC' ? new DiskFull(maxBytes, { cause: error }) : error;
  }
}

/** Writes the file and returns the other fields. */
async function received(
  request: FastifyRequest,
  contentType: string,
  path: string,
  maxBytes: number,
  arrival: Arrival,
): Promise<FormFields> {
  const reader = new MultipartReader(contentType);
  const parts = new Parts(path, maxBytes);
  try {
    for await (const chunk of bodyOf(request.raw, arrival)) {
      arrival.grew(chunk.length);
      if (arrival.bytes > maxBytes + ENVELOPE_BYTES) throw tooLarge(maxBytes);
      for (const event of reader.write(chunk)) await parts.take(event);
    }
    reader.end();
    return parts.fields();
  } finally {
    await parts.close();
  }
}

/**
 * The body. It fails if the sender stalls or leaves, or the upload is dropped. The connection stays
 * open for the refusal.
 */
function bodyOf(message: IncomingMessage, { stallMs, gaveWay }: Arrival): AsyncIterable<Buffer> {
  const guard = message.pipe(stallGuard(stallMs));
  gaveWay.addEventListener('abort', () => guard.destroy(gaveWay.reason as Error), { once: true });
  // Node emits `error` (ECONNRESET) before `close` when the sender leaves.
  const left = () => {
    if (!message.readableEnded) guard.destroy(new FormError('The form is cut off: its sender left'));
  };
  message.once('error', left).once('close', left);
  return guard;
}

/** Collects the parts of a form. */
class Parts {
  private readonly collector = new FieldCollector((name) =>
    Object.hasOwn(FORM, name) ? FIELD_BYTES : undefined,
  );
  private target: FileHandle | undefined;
  private written = 0;
  private isFile = false;

  constructor(
    private readonly path: string,
    private readonly maxBytes: number,
  ) {}

  async take(event: PartEvent): Promise<void> {
    if (event.type === 'part') {
      const { name, filename } = event.part;
      this.isFile = filename !== undefined;
      if (!this.isFile && name === 'file')
        throw invalid(
          '"file" came as text: send it as a file with a filename, as curl -F file=@talk.mp3 does',
        );
      if (!this.isFile) return this.collector.begin(event.part);
      if (name !== 'file') throw invalid(`A file came as ${shown(name)}; name it "file"`);
      if (this.target !== undefined) throw invalid('The form has two files; send one');
      this.target = await open(this.path, 'wx', 0o640);
    } else if (event.type === 'data') {
      if (!this.isFile) return this.collector.add(event.bytes);
      if ((this.written += event.bytes.length) > this.maxBytes) throw tooLarge(this.maxBytes);
      await this.target?.writeFile(event.bytes);
    } else if (!this.isFile) this.collector.end();
  }

  /** @throws SpotscribeError if the file is missing or empty */
  fields(): FormFields {
    if (this.target === undefined)
      throw invalid('The form has no "file": add the audio, as curl -F file=@talk.mp3 does');
    if (this.written === 0) throw new SpotscribeError('bad_audio', 'The file is empty');
    return this.collector.fields();
  }

  async close(): Promise<void> {
    await this.target?.close();
  }
}

function optionsOf(fields: FormFields): JobOptions {
  const given: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, values] of fields) {
    if (LISTS.includes(name)) given[name] = values;
    else if (values.length > 1) throw invalid(`"${name}" is given ${values.length} times; give it once`);
    else given[name] = values[0];
  }
  const { tasks, question, schema, analysis, speaker_cleanup, ...speech } = valid(form, given);
  const asked = tasks !== undefined || question !== undefined || schema !== undefined;
  if (asked && analysis === false)
    throw invalid(
      '"analysis" is false, but "tasks", "question" or "schema" request an analysis: leave one out',
    );
  const wanted = {
    ...speech,
    speaker_cleanup: speaker_cleanup && separated(speaker_cleanup).filter((rule) => rule !== 'none'),
    analysis: asked
      ? { tasks: tasks && separated(tasks), questions: question, schema }
      : analysis === false
        ? false
        : undefined,
  };
  return valid(jobOptions, withoutUndefined(wanted));
}

/** The fields of the form that are options of the analysis. */
const FIELD_OF = {
  'analysis.tasks': 'tasks',
  'analysis.questions': 'question',
  'analysis.schema': 'schema',
};

function valid<T>(schema: z.ZodMiniType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  let { param, message } = complaint(parsed.error, value);
  for (const [option, field] of Object.entries(FIELD_OF)) {
    message = message.replace(`"${option}`, `"${field}`);
    if (param?.startsWith(option) === true) param = field;
  }
  throw new InvalidField(message, param);
}

const separated = (values: readonly string[]) =>
  values.flatMap((value) => value.split(',')).map((value) => value.trim());

/** Removes undefined values: schemas treat a key with the value undefined as given. */
const withoutUndefined = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));

const invalid = (message: string) => new SpotscribeError('invalid_request', message);
const tooLarge = (maxBytes: number) =>
  new SpotscribeError('upload_too_large', `The file must be at most ${maxBytes} bytes`);

import type { FormFields } from './audio-form';
import { type JobOptions, OPTION_LIMITS } from './contract';
import type { Layout } from './cue-lines';
import { Refusal } from './http';
import { jobOptions } from './job-options';
import { DIARIZING, MODEL_ALIASES } from './model-names';

/** OpenAI's names of formats. */
export const RESPONSE_FORMATS = ['json', 'text', 'srt', 'verbose_json', 'vtt', 'diarized_json'] as const;
export type ResponseFormat = (typeof RESPONSE_FORMATS)[number];

const COMMON = [
  'model',
  'prompt',
  'response_format',
  'temperature',
  'hotwords',
  'max_line_width',
  'max_line_count',
  'highlight_words',
];

/** The fields that the whisper service takes, by what is asked of it. */
export const FORM_FIELDS = {
  translate: COMMON,
  transcribe: [
    ...COMMON,
    'language',
    'timestamp_granularities',
    'stream',
    'chunking_strategy',
    'include',
    'known_speaker_names',
    'known_speaker_references',
    'diarize',
    'num_speakers',
    'min_speakers',
    'max_speakers',
    'speaker_cleanup',
  ],
} as const satisfies Record<NonNullable<JobOptions['task']>, readonly string[]>;

export type Task = keyof typeof FORM_FIELDS;

/** A field that a machine honours in place, and a job does not. */
export interface Unsupported {
  param: string;
  reason: string;
}

/**
 * The options of the job that a form becomes, and what the job cannot do. How the answer is to look (`response_format`,
 * `timestamp_granularities`, the layout of subtitles) is said again when it is fetched, and lost by no job.
 *
 * @throws Refusal (400) naming the field, as the whisper service would refuse it
 */
export function optionsOf(
  fields: FormFields,
  task: Task,
): { options: JobOptions; unsupported: Unsupported[] } {
  for (const name of fields.keys()) {
    if (!(FORM_FIELDS[task] as readonly string[]).includes(name)) {
      const known = FORM_FIELDS[task].join(', ');
      throw invalid(name, `${shown(name)} is not a known field. Known: file, job, ${known}`);
    }
  }
  const format = responseFormat(fields);
  if (task === 'translate' && format === 'diarized_json')
    throw invalid('response_format', '"response_format" diarized_json is for transcriptions');
  if (fields.has('include')) throw invalid('include', '"include" cannot be given: leave it out');
  const model = one(fields, 'model');
  const diarize = flag(fields, 'diarize') || model === DIARIZING || format === 'diarized_json';
  const parsed = jobOptions.safeParse({
    language: one(fields, 'language'),
    task: task === 'translate' ? task : undefined,
    // Whisper listens to the last 224 tokens of what was said before, and to the first ones of the hotwords.
    prompt: characters(one(fields, 'prompt'))?.slice(-OPTION_LIMITS.prompt).join(''),
    hotwords: characters(one(fields, 'hotwords'))?.slice(0, OPTION_LIMITS.hotwords).join(''),
    diarize: diarize ? true : undefined,
    num_speakers: number(fields, 'num_speakers'),
    min_speakers: number(fields, 'min_speakers'),
    max_speakers: number(fields, 'max_speakers'),
    speaker_cleanup: diarize ? fields.get('speaker_cleanup')?.filter((rule) => rule !== 'none') : undefined,
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const param = String(issue?.path[0]);
    const got = fields.get(param)?.join(', ') ?? '';
    throw invalid(param, `${shown(param)} is not valid: ${issue?.message.slice(0, 200)}; got ${shown(got)}`);
  }
  return { options: withoutUndefined(parsed.data), unsupported: unsupported(fields, model) };
}

/** @throws Refusal (400) if there is no such format */
export function responseFormat(fields: FormFields): ResponseFormat {
  const name = one(fields, 'response_format') ?? 'json';
  const found = RESPONSE_FORMATS.find((format) => format === name);
  if (found !== undefined) return found;
  const allowed = RESPONSE_FORMATS.join(', ');
  throw invalid('response_format', `"response_format" must be one of ${allowed}; got ${shown(name)}`);
}

/** How subtitles are laid out: the defaults and bounds are the whisper service's. */
export const layoutOf = (fields: FormFields): Layout => ({
  maxLineWidth: number(fields, 'max_line_width', 8, 200) ?? 42,
  maxLineCount: number(fields, 'max_line_count', 1, 4) ?? 2,
  highlightWords: flag(fields, 'highlight_words'),
});

/** Whether the answer is wanted as server-sent events. */
export const isStream = (fields: FormFields): boolean => flag(fields, 'stream');

function unsupported(fields: FormFields, model: string | undefined): Unsupported[] {
  const found: Unsupported[] = [];
  const temperature = number(fields, 'temperature', 0, 1, false) ?? 0;
  if (temperature > 0) found.push({ param: 'temperature', reason: 'jobs are decoded at temperature 0' });
  if (isStream(fields)) found.push({ param: 'stream', reason: 'the transcript of a job comes whole' });
  for (const param of ['known_speaker_names', 'known_speaker_references'])
    if (fields.has(param)) found.push({ param, reason: 'the speakers of jobs have letters for names' });
  if (model !== undefined && !MODEL_ALIASES.some((alias) => alias === model))
    found.push({ param: 'model', reason: 'jobs run on the model that is deployed' });
  return found;
}

/** @throws Refusal (400) if it is given more than once */
export function one(fields: FormFields, name: string): string | undefined {
  const [value, ...more] = fields.get(name) ?? [];
  if (more.length > 0) throw invalid(name, `"${name}" is given ${more.length + 1} times; give it once`);
  return value;
}

function flag(fields: FormFields, name: string): boolean {
  const value = one(fields, name) ?? 'false';
  if (/^(true|1|yes|on|t|y)$/i.test(value)) return true;
  if (/^(false|0|no|off|f|n)$/i.test(value)) return false;
  throw invalid(name, `"${name}" must be true or false; got ${shown(value)}`);
}

function number(
  fields: FormFields,
  name: string,
  least = 1,
  most: number = OPTION_LIMITS.speakers,
  whole = true,
) {
  const value = one(fields, name);
  if (value === undefined) return undefined;
  const got = Number(value);
  if (got >= least && got <= most && (!whole || Number.isInteger(got))) return got;
  const kind = whole ? 'a whole number' : 'a number';
  throw invalid(name, `"${name}" must be ${kind} from ${least} to ${most}; got ${shown(value)}`);
}

/** Characters as Python counts them. */
const characters = (text: string | undefined) => (text === undefined ? undefined : [...text]);

const withoutUndefined = (options: JobOptions): JobOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

const invalid = (param: string, message: string) =>
  new Refusal(400, 'invalid_request', message, { param: param.slice(0, 100) });
const shown = (text: string) => JSON.stringify(text.slice(0, 100));

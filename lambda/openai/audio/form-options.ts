import type { JobOptions, SubmittedOptions } from '../../../core/contract/work/options';
import { OPTION_LIMITS } from '../../../core/contract/limits';
import type { Layout } from '../../../core/formats/cue-lines';
import type { FormFields } from '../../../core/forms/form-fields';
import { FORM, type FormValues, LISTS, type ResponseFormat } from './form-schema';
import { Refusal } from '../../frame/refusal';
import { keptOptions, recordingsOf } from '../../../core/voices/known-speakers';
import { jobOptions } from '../../../core/tasks/accepted-options';
import { DIARIZING, LANGUAGE_TELLING, meansModel } from '../../../core/models/model-names';
import type { Granularity } from '../../../core/formats/openai-formats';
import type { Unsupported } from '../task-request';
import { shown } from '../../../core/contract/text';
import { complaint } from '../../../core/forms/complaint';

export { fieldBytes, RESPONSE_FORMATS, type ResponseFormat } from './form-schema';

export type Task = keyof typeof FORM;

/** The format of the answer. */
export interface AnswerShape {
  format: ResponseFormat;
  layout: Layout;
  /** What `verbose_json` lists. */
  granularities: readonly Granularity[];
  /** As server-sent events. */
  stream: boolean;
  /** Whether the answer lists the detected languages, as that of `gpt-transcribe` does. */
  languages: boolean;
}

/** The parsed fields of a form. */
export interface ParsedForm {
  task: Task;
  /**
   * Options of the job, without the format of the answer: each request for the transcript gives its
   * own format.
   */
  options: JobOptions;
  /** Recordings of the options' known speakers, in the order of their names. */
  recordings: Buffer[];
  /** Fields that jobs do not support. */
  unsupported: Unsupported[];
  answer: AnswerShape;
}

/** Formats that can be streamed. */
const STREAMED: readonly ResponseFormat[] = ['json', 'text', 'diarized_json'];

/**
 * Parses the fields of a form, for a recording or for the transcript of a job. Fields that a later
 * step would refuse are refused here.
 *
 * @param model name of the deployed model. @default - unknown: only its aliases are accepted
 * @throws Refusal (400) with the field, as the whisper service would refuse it
 */
export function parseForm(fields: FormFields, task: Task, model?: string): ParsedForm {
  const values = valuesOf(fields, task);
  const format = values.response_format ?? 'json';
  const answer: AnswerShape = {
    format,
    layout: {
      maxLineWidth: values.max_line_width ?? 42,
      maxLineCount: values.max_line_count ?? 2,
      highlightWords: values.highlight_words ?? false,
    },
    // OpenAI's default.
    granularities: values.timestamp_granularities ?? ['segment'],
    stream: values.stream ?? false,
    languages: values.model === LANGUAGE_TELLING,
  };
  refuseCombinations(values, answer, task);
  const options = optionsOf(values, task);
  return {
    ...{ task, answer, options: keptOptions(options), recordings: recordingsOf(options) },
    unsupported: unsupported(values, model),
  };
}

/**
 * The values of all fields.
 *
 * @throws Refusal (400) for the first invalid field
 */
function valuesOf(fields: FormFields, task: Task): FormValues {
  const given: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, values] of fields) {
    if (name === 'job') continue;
    if (!Object.hasOwn(FORM[task].shape, name)) {
      const known = Object.keys(FORM[task].shape).join(', ');
      throw invalid(name, `${shown(name)} is not a known field. Known: file, job, ${known}`);
    }
    given[name] = LISTS.includes(name) ? values : one(fields, name);
  }
  const parsed = FORM[task].safeParse(given);
  if (parsed.success) return parsed.data;
  const { param = '', message } = complaint(parsed.error, given);
  throw invalid(param, message);
}

/** @throws Refusal (400) for fields that cannot be combined */
function refuseCombinations(values: FormValues, { format, stream }: AnswerShape, task: Task): void {
  if (task === 'translate' && format === 'diarized_json')
    throw invalid('response_format', '"response_format" diarized_json is not supported for translations');
  if (values.include !== undefined) throw invalid('include', '"include" is not supported: leave it out');
  if (values.timestamp_granularities !== undefined && format !== 'verbose_json') {
    const message = `"timestamp_granularities" requires "response_format" verbose_json; got ${format}`;
    throw invalid('timestamp_granularities', message);
  }
  if (stream && !STREAMED.includes(format))
    throw invalid('stream', `"stream" requires "response_format" ${STREAMED.join(', ')}; got ${format}`);
  if (values.hotwords !== undefined && values.keywords !== undefined)
    throw invalid('keywords', '"keywords" and "hotwords" set the same option: send one of them');
  const listened = characters(joined(values.keywords))?.length ?? 0;
  if (listened > OPTION_LIMITS.hotwords) {
    const limit = `at most ${OPTION_LIMITS.hotwords} characters in total`;
    throw invalid(
      'keywords',
      `"keywords" must have ${limit}, separators included; got ${listened}. Leave some out`,
    );
  }
}

function optionsOf(values: FormValues, task: Task): SubmittedOptions {
  const diarize = diarizes(values);
  const asked = {
    language: values.language,
    languages: values.languages,
    task: task === 'translate' ? task : undefined,
    // As with OpenAI, a prompt may be longer than Whisper uses, which is its last 224 tokens. The
    // part that is kept contains them, and the service reports the cut in `degraded`.
    prompt: characters(values.prompt)?.slice(-OPTION_LIMITS.prompt).join(''),
    hotwords: values.hotwords ?? joined(values.keywords),
    track: values.track,
    channels: values.channels,
    diarize: diarize ? true : undefined,
    num_speakers: values.num_speakers,
    min_speakers: values.min_speakers,
    max_speakers: values.max_speakers,
    speaker_cleanup: diarize ? values.speaker_cleanup?.filter((rule) => rule !== 'none') : undefined,
    known_speaker_names: values.known_speaker_names,
    known_speaker_references: values.known_speaker_references,
  };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const parsed = jobOptions.safeParse(given);
  if (parsed.success) return parsed.data;
  const { param = '', message } = complaint(parsed.error, given);
  throw invalid(param, message);
}

/**
 * Whether any field requests diarization. With separate channels, the model and the format only
 * request the speakers, which are the channels.
 */
const diarizes = ({ diarize, model, response_format: format, channels }: FormValues) =>
  diarize === true || (channels !== 'separate' && (model === DIARIZING || format === 'diarized_json'));

function unsupported(values: FormValues, deployed: string | undefined): Unsupported[] {
  const { temperature = 0, model } = values;
  const found: Unsupported[] = [];
  if (temperature > 0) found.push({ param: 'temperature', reason: 'jobs are decoded at temperature 0' });
  if (model !== undefined && !meansModel(model, deployed))
    found.push({ param: 'model', reason: 'jobs use the deployed model' });
  return found;
}

/**
 * The value of a field.
 *
 * @throws Refusal (400) if the field is given more than once
 */
export function one(fields: FormFields, name: string): string | undefined {
  const [value, ...more] = fields.get(name) ?? [];
  if (more.length > 0) throw invalid(name, `"${name}" is given ${more.length + 1} times; send it once`);
  return value;
}

/** Keywords as the hotwords of a job. */
const joined = (keywords: string[] | undefined) => keywords?.join(', ');

/** Characters as Python counts them. */
const characters = (text: string | undefined) => (text === undefined ? undefined : [...text]);

const invalid = (param: string, message: string) =>
  new Refusal(400, 'invalid_request', message, { param: param.slice(0, 100).toWellFormed() });

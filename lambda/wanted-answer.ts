import type { FormFields } from './audio-form';
import type { JobOptions } from './contract';
import type { Layout } from './cue-lines';
import {
  isStream,
  layoutOf,
  optionsOf,
  type ResponseFormat,
  responseFormat,
  type Task,
  type Unsupported,
} from './form-options';
import { Refusal } from './http';
import { GRANULARITIES, type Granularity } from './openai-formats';

/** Formats whose text can be sent piece by piece. */
const STREAMED = ['json', 'text', 'diarized_json'] as const;
export type StreamedFormat = (typeof STREAMED)[number];

/** How a transcript is to look. */
export type Shape =
  | { format: ResponseFormat; isStream: false; layout: Layout; granularities: readonly Granularity[] }
  | { format: StreamedFormat; isStream: true };

/** What a form asks for. */
export interface Wanted {
  task: Task;
  shape: Shape;
  options: JobOptions;
  /** What a machine does in place, and a job cannot do. */
  unsupported: Unsupported[];
}

/**
 * Reads all of a form but its file, and refuses it as a whole before any work is begun.
 *
 * @throws Refusal (400) naming the field
 */
export function wantedAnswer(fields: FormFields, task: Task): Wanted {
  // Not a field of the service: it stands for the file.
  const known = new Map([...fields].filter(([name]) => name !== 'job'));
  const { options, unsupported } = optionsOf(known, task);
  return {
    task,
    shape: shapeOf(known),
    options,
    // The transcript of a job is sent as events, too.
    unsupported: unsupported.filter(({ param }) => param !== 'stream'),
  };
}

function shapeOf(fields: FormFields): Shape {
  const format = responseFormat(fields);
  const layout = layoutOf(fields);
  const granularities = granularitiesOf(fields, format);
  if (!isStream(fields)) return { format, isStream: false, layout, granularities };
  const streamed = STREAMED.find((each) => each === format);
  if (streamed === undefined)
    throw invalid('stream', `"stream" needs "response_format" ${STREAMED.join(', ')}; got ${format}`);
  return { format: streamed, isStream: true };
}

/** What is to be listed in `verbose_json`: segments if nothing is said, as OpenAI does. */
function granularitiesOf(fields: FormFields, format: ResponseFormat): readonly Granularity[] {
  const given = fields.get('timestamp_granularities');
  if (given === undefined) return ['segment'];
  if (format !== 'verbose_json') {
    const message = `"timestamp_granularities" needs "response_format" verbose_json; got ${format}`;
    throw invalid('timestamp_granularities', message);
  }
  return given.map((name) => {
    const found = GRANULARITIES.find((each) => each === name);
    if (found !== undefined) return found;
    const got = JSON.stringify(name.slice(0, 100));
    const message = `"timestamp_granularities" must be ${GRANULARITIES.join(' or ')}; got ${got}`;
    throw invalid('timestamp_granularities', message);
  });
}

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });

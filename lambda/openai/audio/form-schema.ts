import * as z from 'zod/mini';
import { OPTION_LIMITS, SPEAKER_LIMITS } from '../../../core/contract/limits';
import { CHANNEL_MODES, SPEAKER_RULES } from '../../../core/contract/names';
import { choice, flag, number, object } from '../../../core/forms/field-values';
import { MOST_MODEL_NAME } from '../../../core/models/model-names';
import { GRANULARITIES } from '../../../core/formats/openai-formats';
import { text } from '../../../core/contract/text';

/** OpenAI's names of formats. */
export const RESPONSE_FORMATS = ['json', 'text', 'srt', 'verbose_json', 'vtt', 'diarized_json'] as const;
export type ResponseFormat = (typeof RESPONSE_FORMATS)[number];

/** Limits that the whisper service has, too. */
const MOST_PROMPT = 20_000;
const MOST_NAME = 100;
const MOST_KEYWORDS = 100;

const { speakers, languages, hotwords, tracks } = OPTION_LIMITS;
const { name, references, reference } = SPEAKER_LIMITS;

const milliseconds = z.optional(z.coerce.number().check(z.int(), z.minimum(0), z.maximum(60_000)));

/**
 * `auto`, or the settings of OpenAI's voice detector. The settings are accepted and ignored:
 * Spotscribe splits audio at silences with its own settings.
 */
const chunkingStrategy = object(
  z.union([
    z.literal('auto'),
    z.strictObject({
      type: z.literal('server_vad'),
      prefix_padding_ms: milliseconds,
      silence_duration_ms: milliseconds,
      threshold: z.optional(z.coerce.number().check(z.minimum(0), z.maximum(1))),
    }),
  ]),
  1000,
  'Expected auto, or {"type": "server_vad"} with prefix_padding_ms, silence_duration_ms and threshold (0 to 1)',
);

const list = <T extends z.ZodMiniType>(of: T, most: number) =>
  z.optional(z.array(of).check(z.maxLength(most)));

const COMMON = {
  model: z.optional(text(MOST_MODEL_NAME)),
  prompt: z.optional(text(MOST_PROMPT)),
  response_format: z.optional(choice(RESPONSE_FORMATS)),
  temperature: z.optional(number(0, 1, 'a number')),
  hotwords: z.optional(text(hotwords)),
  track: z.optional(number(1, tracks)),
  channels: z.optional(choice(CHANNEL_MODES)),
  max_line_width: z.optional(number(8, 200)),
  max_line_count: z.optional(number(1, 4)),
  highlight_words: z.optional(flag()),
};

const TRANSCRIBE = {
  ...COMMON,
  // `job-options.ts` checks that the language is known.
  language: z.optional(text(35)),
  languages: list(text(35), languages),
  keywords: list(text(MOST_NAME, 1), MOST_KEYWORDS),
  timestamp_granularities: list(choice(GRANULARITIES), 4),
  stream: z.optional(flag()),
  chunking_strategy: z.optional(chunkingStrategy),
  include: list(text(MOST_NAME), 8),
  known_speaker_names: list(text(name, 1), speakers),
  known_speaker_references: list(text(reference), references),
  diarize: z.optional(flag()),
  num_speakers: z.optional(number(1, speakers)),
  min_speakers: z.optional(number(1, speakers)),
  max_speakers: z.optional(number(1, speakers)),
  speaker_cleanup: list(choice([...SPEAKER_RULES, 'none']), SPEAKER_RULES.length + 1),
};

/** The form of each route: the only definition of its fields, their values and their lengths. */
export const FORM = { transcribe: z.strictObject(TRANSCRIBE), translate: z.strictObject(COMMON) };

/** The values of a form's fields. A translation has fewer fields. */
export type FormValues = z.infer<(typeof FORM)['transcribe']>;

/** Fields that are lists. All others may be given once. */
export const LISTS = Object.entries(TRANSCRIBE).flatMap(([name, type]) =>
  type._zod.def.innerType instanceof z.ZodMiniArray ? [name] : [],
);

/** Size limits of long fields in bytes: a character takes up to four bytes in UTF-8. */
const BYTES: Readonly<Record<string, number>> = {
  model: 4 * MOST_MODEL_NAME,
  prompt: 4 * MOST_PROMPT,
  hotwords: 4 * hotwords,
  chunking_strategy: 4000,
  known_speaker_references: reference,
};
const WORD_BYTES = 400;

/**
 * Size limit of a field in bytes, by its name without brackets. Reading stops at the limit.
 * Undefined for an unknown field.
 */
export const fieldBytes = (name: string): number | undefined =>
  name === 'job' || Object.hasOwn(TRANSCRIBE, name) ? (BYTES[name] ?? WORD_BYTES) : undefined;

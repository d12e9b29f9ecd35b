import * as z from 'zod/mini';
import { ANALYZING_ENGINES, ENTITY_TYPES, SENTIMENTS } from './names';
import { AnalysisOptions } from './options';
import { Count, Degradation, Fraction, JobError, Seconds, SharedPath } from './values';

/** Words of the recording that a claim rests on. Times in seconds from the start of the audio. */
export const Evidence = z.object({
  /** As the model heard them. */
  quote: z.string(),
  /** The stretch that the model listened to when it made the claim. */
  heard_from: Seconds,
  heard_to: Seconds,
  /** Where the transcript has these words; absent, as are the next two, where it has not. */
  start: z.optional(Seconds),
  end: z.optional(Seconds),
  /** Ids of the transcript's segments that hold them. */
  segments: z.optional(z.array(Count)),
});
export type Evidence = z.infer<typeof Evidence>;

/** Something that is said to be in the recording, so that it can be checked. */
const Claim = z.object({
  evidence: z.array(Evidence),
  /** Whether the transcript has the words of any evidence; absent where there was no transcript to look in. */
  located: z.optional(z.boolean()),
});
export type Claim = z.infer<typeof Claim>;

export const Topic = z.extend(Claim, { title: z.string() });
export type Topic = z.infer<typeof Topic>;

export const ActionItem = z.extend(Claim, {
  task: z.string(),
  /** Who is to do it, if that was said. */
  owner: z.optional(z.string()),
  /** When it is due, in the words that were said. */
  due: z.optional(z.string()),
});
export type ActionItem = z.infer<typeof ActionItem>;

/** A question that was asked in the recording, with its answer if one was given. */
export const AskedQuestion = z.extend(Claim, { question: z.string(), answer: z.optional(z.string()) });
export type AskedQuestion = z.infer<typeof AskedQuestion>;

export const Sentiment = z.extend(Claim, { overall: z.enum(SENTIMENTS), reason: z.string() });
export type Sentiment = z.infer<typeof Sentiment>;

export const Entity = z.extend(Claim, { name: z.string(), type: z.enum(ENTITY_TYPES) });
export type Entity = z.infer<typeof Entity>;

/** The answer to a question of the caller's; without one if the recording has none. */
export const Answer = z.extend(Claim, { question: z.string(), answer: z.optional(z.string()) });
export type Answer = z.infer<typeof Answer>;

/** What was understood of a recording: of each task that was asked for, its field. */
export const Analysis = z.object({
  version: z.literal(1),
  engine: z.object({ name: z.enum(ANALYZING_ENGINES), model: z.string() }),
  /** Length of the audio in seconds. */
  duration: Seconds,
  summary: z.optional(z.string()),
  topics: z.optional(z.array(Topic)),
  action_items: z.optional(z.array(ActionItem)),
  questions: z.optional(z.array(AskedQuestion)),
  sentiment: z.optional(Sentiment),
  entities: z.optional(z.array(Entity)),
  answers: z.optional(z.array(Answer)),
  degraded: z.array(Degradation),
});
export type Analysis = z.infer<typeof Analysis>;

/** JSON body of `POST /analyze` when the audio lies on the shared volume. */
export const AnalyzeRequest = z.extend(AnalysisOptions, {
  path: SharedPath,
  /** Longest audio in seconds. @default - the service's own cap */
  max_seconds: z.optional(z.number().check(z.positive())),
});
export type AnalyzeRequest = z.infer<typeof AnalyzeRequest>;

/** A line of the NDJSON answer of `POST /analyze`. */
export const AnalyzeEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), duration: Seconds, engine: z.string(), model: z.string() }),
  /** Everything before `end` has been listened to; `progress` is that of the whole work. */
  z.object({ type: z.literal('window'), end: Seconds, progress: Fraction }),
  /** The last line of a success. */
  z.object({ type: z.literal('result'), analysis: Analysis }),
  /** The last line of a failure after streaming began. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type AnalyzeEvent = z.infer<typeof AnalyzeEvent>;

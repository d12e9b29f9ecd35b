import * as z from 'zod/mini';
import { ENTITY_TYPES, EVIDENCE_SOURCES, SENTIMENTS } from '../names';
import { AnalysisOptions } from './options';
import { Count, Degradation, Fraction, JobError, Seconds, SharedPath, SoundTrack } from '../values';

/** Words of the recording that support a claim. Times in seconds from the start of the audio. */
export const Evidence = z.object({
  /** The words as the model heard them. */
  quote: z.string(),
  /** Start and end of the audio that the model processed when it made the claim. */
  heard_from: Seconds,
  heard_to: Seconds,
  /**
   * Position of the words in the transcript. Absent, like the next two, if the transcript does not
   * contain them.
   */
  start: z.optional(Seconds),
  end: z.optional(Seconds),
  /** Ids of the transcript's segments that contain them. */
  segments: z.optional(z.array(Count)),
  /** Whether the times of any of these words are interpolated from those of others. @default false */
  interpolated: z.optional(z.boolean()),
});
export type Evidence = z.infer<typeof Evidence>;

/** A statement about the recording, with evidence by which it can be checked. */
const Claim = z.object({
  evidence: z.array(Evidence),
  /**
   * Whether the transcript contains the words of any evidence. Absent if there was no transcript,
   * and for a question that the recording does not answer: nothing is claimed then.
   */
  located: z.optional(z.boolean()),
});
export type Claim = z.infer<typeof Claim>;

export const Topic = z.extend(Claim, { title: z.string() });
export type Topic = z.infer<typeof Topic>;

export const ActionItem = z.extend(Claim, {
  task: z.string(),
  /** The person responsible, if one was named. */
  owner: z.optional(z.string()),
  /** The due date, in the speaker's words. */
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

/**
 * The answer to one of the caller's questions. `answer` is absent if the recording does not contain
 * one.
 */
export const Answer = z.extend(Claim, { question: z.string(), answer: z.optional(z.string()) });
export type Answer = z.infer<typeof Answer>;

/**
 * Position in the recording. The worker sets it from the located evidence. Absent if the words were not
 * found, like `start` of the evidence.
 */
const position = { start: z.optional(Seconds), end: z.optional(Seconds) };

/**
 * A part of the recording on one subject. Its evidence is the words with which it begins. Chapters with a
 * position cover the recording without gaps.
 */
export const Chapter = z.extend(Claim, { title: z.string(), ...position });
export type Chapter = z.infer<typeof Chapter>;

/**
 * A passage that can be heard by itself, such as a clip. Its evidence is the words with which it begins, and
 * those with which it ends. Passages with a position consist of whole sentences and do not overlap.
 */
export const Highlight = z.extend(Claim, { title: z.string(), reason: z.string(), ...position });
export type Highlight = z.infer<typeof Highlight>;

/** Where a value of `Extracted` comes from. */
export const ExtractedPlace = z.extend(Claim, {
  /** JSON pointer of the value, such as `/items/0/price`. */
  pointer: z.string(),
});
export type ExtractedPlace = z.infer<typeof ExtractedPlace>;

/** What the recording contains of the caller's own JSON schema. */
export const Extracted = z.object({
  /** Validates against the caller's schema if nothing is missing. */
  value: z.record(z.string(), z.unknown()),
  /** One for each text, number and truth value. */
  places: z.array(ExtractedPlace),
  /** JSON pointers of values that the schema requires and the recording does not contain. */
  missing: z.array(z.string()),
});
export type Extracted = z.infer<typeof Extracted>;

const AnalysisEngine = z.object({ name: z.string(), model: z.string() });

/** The analysis of a recording, with one field for each requested task. */
export const Analysis = z.object({
  version: z.literal(1),
  engine: AnalysisEngine,
  /** Length of the audio in seconds. */
  duration: Seconds,
  /** Present if the file has several sound tracks. */
  track: z.optional(SoundTrack),
  summary: z.optional(z.string()),
  topics: z.optional(z.array(Topic)),
  action_items: z.optional(z.array(ActionItem)),
  questions: z.optional(z.array(AskedQuestion)),
  sentiment: z.optional(Sentiment),
  entities: z.optional(z.array(Entity)),
  chapters: z.optional(z.array(Chapter)),
  /** The best one first. */
  highlights: z.optional(z.array(Highlight)),
  answers: z.optional(z.array(Answer)),
  extracted: z.optional(Extracted),
  /**
   * Which transcript the quotes were searched in: `self` if the model of the analysis made it, too, so
   * that a located quote is no independent check; `other` if another model did. Absent if there was no
   * transcript.
   */
  evidence: z.optional(z.enum(EVIDENCE_SOURCES)),
  degraded: z.array(Degradation),
});
export type Analysis = z.infer<typeof Analysis>;

/** What a model wrote about one window of a recording, for one task. */
export const AnalysisFinding = z.object({
  /** The field of the result to which it belongs. */
  task: z.string().check(z.minLength(1), z.maxLength(100)),
  /** Bounds of the window. */
  start: Seconds,
  end: Seconds,
  /** A JSON object in the shape that the service asks the model for. */
  written: z.record(z.string(), z.unknown()),
});
export type AnalysisFinding = z.infer<typeof AnalysisFinding>;

/** What an analysis has found so far. The service ignores what another model found, or of other windows. */
export const AnalysisCheckpoint = z.object({
  engine: AnalysisEngine,
  /** Longest window in seconds. */
  window_seconds: z.number().check(z.positive()),
  findings: z.array(AnalysisFinding),
});
export type AnalysisCheckpoint = z.infer<typeof AnalysisCheckpoint>;

/** JSON body of `POST /analyze` for audio on the shared volume. */
export const AnalyzeRequest = z.extend(AnalysisOptions, {
  path: SharedPath,
  /** Longest audio in seconds. @default - the service's own cap */
  max_seconds: z.optional(z.number().check(z.positive())),
  /** What an interrupted attempt found. The model is asked only for the rest. @default - nothing */
  earlier: z.optional(AnalysisCheckpoint),
});
export type AnalyzeRequest = z.infer<typeof AnalyzeRequest>;

/** A line of the NDJSON response of `POST /analyze`. */
export const AnalyzeEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    duration: Seconds,
    engine: z.string(),
    model: z.string(),
    /** Longest window in seconds. */
    window_seconds: z.optional(z.number().check(z.positive())),
  }),
  /**
   * Everything before `end` has been processed. `progress` is that of the whole analysis, `findings`
   * are new.
   */
  z.object({
    type: z.literal('window'),
    end: Seconds,
    progress: Fraction,
    findings: z.optional(z.array(AnalysisFinding)),
  }),
  /** The last line of a success. */
  z.object({ type: z.literal('result'), analysis: Analysis }),
  /** The last line of a failure after streaming began. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type AnalyzeEvent = z.infer<typeof AnalyzeEvent>;

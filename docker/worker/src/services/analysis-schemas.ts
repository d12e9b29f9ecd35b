import { z } from 'zod';
import {
  type Analysis,
  type AnalyzeEvent,
  ENTITY_TYPES,
  type Evidence,
  SENTIMENTS,
} from '../../../../core/contract/contract';
import { degraded, error, progress, time } from './event-schemas';

// The shapes of an analysis that come from outside this process, to be checked when they arrive.

const evidence = z.object({
  quote: z.string(),
  heard_from: time,
  heard_to: time,
  start: time.optional(),
  end: time.optional(),
  segments: z.array(z.number().int().nonnegative()).optional(),
}) satisfies z.ZodType<Evidence>;

/** A claim with the fields of its kind. */
const claim = <S extends z.ZodRawShape>(fields: S) =>
  z.object({ ...fields, evidence: z.array(evidence), located: z.boolean().optional() });

const claims = <S extends z.ZodRawShape>(fields: S) => z.array(claim(fields)).optional();

export const analysis = z.object({
  version: z.literal(1),
  engine: z.object({ name: z.enum(['voxtral', 'extractive']), model: z.string() }),
  duration: time,
  summary: z.string().optional(),
  topics: claims({ title: z.string() }),
  action_items: claims({ task: z.string(), owner: z.string().optional(), due: z.string().optional() }),
  questions: claims({ question: z.string(), answer: z.string().optional() }),
  sentiment: claim({ overall: z.enum(SENTIMENTS), reason: z.string() }).optional(),
  entities: claims({ name: z.string(), type: z.enum(ENTITY_TYPES) }),
  answers: claims({ question: z.string(), answer: z.string().optional() }),
  degraded,
}) satisfies z.ZodType<Analysis>;

export const analyzeEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), duration: time, engine: z.string(), model: z.string() }),
  z.object({ type: z.literal('window'), end: time, progress }),
  z.object({ type: z.literal('result'), analysis }),
  z.object({ type: z.literal('error'), error }),
]) satisfies z.ZodType<AnalyzeEvent>;

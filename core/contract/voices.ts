import * as z from 'zod/mini';
import { SPEAKER_LIMITS, VOICE_LIMITS } from './limits';
import { text } from './text';
import { Count, Instant } from './values';

// Voices of people that a tenant keeps, so that jobs can name them. A voice is biometric data.

const voice = {
  id: z.string(),
  /** How transcripts name the person. Each voice of a tenant has another name. */
  name: text(SPEAKER_LIMITS.name, 1),
  /** Who agreed to the use of the voice, when and how. */
  consent: text(VOICE_LIMITS.consent, 1),
  created_at: Instant,
};

/** Body of `POST /v1/voices`. */
export const CreateVoiceRequest = z.strictObject({
  name: voice.name,
  consent: voice.consent,
  /** Some seconds of that voice alone, as a data URL: `data:audio/wav;base64,…`. */
  audio: text(SPEAKER_LIMITS.reference, 1),
});
export type CreateVoiceRequest = z.infer<typeof CreateVoiceRequest>;

/** Response of `POST /v1/voices` and `GET /v1/voices/{id}`. The recording is never returned. */
export const VoiceView = z.object({ object: z.literal('voice'), ...voice });
export type VoiceView = z.infer<typeof VoiceView>;

/** Response of `GET /v1/voices`, in the order of creation. */
export const ListVoicesResponse = z.object({ object: z.literal('list'), data: z.array(VoiceView) });
export type ListVoicesResponse = z.infer<typeof ListVoicesResponse>;

/** A voice in the table. Its recording is the object `KEY.voice`. */
export const Voice = z.object(voice);
export type Voice = z.infer<typeof Voice>;

/** The voices of a tenant, in the jobs table. */
export const VoicesRow = z.object({
  /** See `voicesId`. */
  id: z.string(),
  /** Number of changes so far: of two concurrent changes, one is refused. */
  revision: Count,
  /** In the order of creation. */
  voices: z.array(Voice),
});
export type VoicesRow = z.infer<typeof VoicesRow>;

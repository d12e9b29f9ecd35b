import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import * as z from 'zod/mini';
import { KEY } from '../../core/contract/keys';
import { SPEAKER_LIMITS, VOICE_LIMITS } from '../../core/contract/limits';
import { shown, text } from '../../core/contract/text';
import { CreateVoiceRequest, type Voice } from '../../core/contract/voices';
import { recordingIn } from '../../core/forms/data-url';
import { caller, type Request } from '../frame/caller';
import { type BodyLimit, jsonBody } from '../frame/json-body';
import { json, Refusal, type Response } from '../frame/refusal';
import type { Tools } from '../frame/runtime';
import { validBody } from '../frame/valid-body';
import { BoundedTokenizer } from '../intake/measuring/bounded-tokenizer';
import { durationOf } from '../intake/measuring/duration';
import { type Dependencies, eraseRecording, voiceView } from './kept-voice';

/** Longest recording of a voice that the whisper service takes, in seconds. */
const MOST_SECONDS = 30;
/** Longest time for the headers of a recording. */
const MEASURE_MS = 1000;

const LIMIT: BodyLimit = {
  bytes: SPEAKER_LIMITS.reference + 16 * 1024,
  cure: 'Send a shorter recording: some seconds of the voice are enough',
};

const schema = z.extend(CreateVoiceRequest, {
  name: text(SPEAKER_LIMITS.name).check(z.trim(), z.minLength(1)),
  // Required below, with the reason.
  consent: z.optional(text(VOICE_LIMITS.consent).check(z.trim())),
});

/**
 * `POST /v1/voices`: keeps the recording of a voice.
 *
 * @throws Refusal (400, 413) for an invalid request; (409) if the name is taken, or there are too many
 *   voices
 */
export async function createVoice(
  request: Request,
  dependencies: Dependencies,
  { logger }: Tools,
): Promise<Response> {
  const { tenant, key_id } = caller(request);
  const { name, consent = '', audio } = validBody(schema, jsonBody(request, LIMIT));
  if (consent === '') throw noConsent();
  const recording = await checkedRecording(audio);
  const id = `voice_${randomUUID().replaceAll('-', '')}`;
  const voice: Voice = { id, name, consent, created_at: new Date().toISOString() };
  const { voices, s3, bucket } = dependencies;
  // The row first: a recording without a row could not be found and erased.
  const refused = await voices.add(tenant, voice);
  if (refused !== undefined) throw refused.reason === 'name' ? nameTaken(refused.other) : full();
  try {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: KEY.voice(tenant, id), Body: recording }));
  } catch (error) {
    await voices.remove(tenant, id).catch(() => undefined);
    throw error;
  }
  const isKept = (await voices.list(tenant)).some((each) => each.id === id);
  // It may have been erased before its recording was stored.
  if (!isKept) await eraseRecording(tenant, id, dependencies);
  logger.info('keeping a voice', { tenant, key_id, voice_id: id });
  return json(201, voiceView(voice), { location: `/v1/voices/${id}` });
}

/** @throws Refusal (400) if it is not a recording; (413) if it is too long */
async function checkedRecording(url: string): Promise<Buffer> {
  const recording = recordingIn(url);
  if (recording === undefined)
    throw invalid('audio', '"audio" must be a recording as a data URL, such as data:audio/wav;base64,…');
  const seconds = await secondsOf(recording);
  if (seconds === undefined || seconds <= MOST_SECONDS) return recording;
  const message = `"audio" must have at most ${MOST_SECONDS} seconds; got ${Math.round(seconds)}. 2 to 10 seconds of the voice alone are best`;
  throw new Refusal(413, 'audio_too_long', message, { param: 'audio' });
}

/** By the headers of the recording. Undefined if they do not tell. */
async function secondsOf(recording: Buffer): Promise<number | undefined> {
  const range = async (start: number, end: number) => recording.subarray(start, end);
  try {
    return await durationOf(new BoundedTokenizer(range, recording.length, Date.now() + MEASURE_MS));
  } catch {
    return undefined;
  }
}

const noConsent = () =>
  invalid(
    'consent',
    `"consent" is required, because a voice is biometric data: say who agreed to its use, when and how, in 1 to ${VOICE_LIMITS.consent} characters`,
  );

const nameTaken = ({ id, name }: Voice) =>
  new Refusal(
    409,
    'invalid_request',
    `The voice ${id} has the name ${shown(name)} already: erase it with DELETE /v1/voices/${id}, or send another name`,
    { param: 'name', shouldRetry: false },
  );

const full = () =>
  new Refusal(
    409,
    'invalid_request',
    `There are ${VOICE_LIMITS.voices} voices, and no more may be kept: erase one with DELETE /v1/voices/{id}`,
    { shouldRetry: false },
  );

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });

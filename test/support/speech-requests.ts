import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import type { Speech } from '../../core/contract/work/speech';
import { httpHandler } from '../../lambda/frame/http';
import type { Response as Answer } from '../../lambda/frame/refusal';
import type { TaskDependencies } from '../../lambda/openai/answer-task';
import { createSpeech } from '../../lambda/openai/create-speech';
import { dependencies, type EmbeddingCall } from './embedding-requests';
import { bucket, store } from './recording-requests';
import { lambdaContext, request } from './support';

// Sends requests for speech to the handler, with the servers of `recording-requests.ts`.

export const MODEL = 'tts-1';

/** Bytes that are not valid UTF-8, as those of sound. */
export const SOUND = Buffer.from([0xff, 0xfb, 0x90, 0x00, 0x80, 0x0d, 0x0a, 0xc3, 0x28]);

export interface SpeechCall extends Omit<EmbeddingCall, 'tokens'> {
  /** Characters that the key may use each day. */
  characters?: number;
}

const handler = (change: Partial<TaskDependencies> = {}) =>
  httpHandler(() => dependencies({ deployed: { speech: {} }, ...change }), createSpeech);

/** Sends a body as the gateway does. Text is sent unchanged. */
export function speak(body: string | object, { headers, query, characters, change }: SpeechCall = {}) {
  const event = request({
    path: '/v1/audio/speech',
    body: typeof body === 'string' ? body : JSON.stringify({ model: MODEL, voice: 'alloy', ...body }),
    headers,
    query,
    ...(characters !== undefined && { units: { character: characters } }),
  });
  event.requestContext.requestId = 'request-1';
  return handler(change)(event, lambdaContext);
}

/** Sends a request without a body. @param id of a model. @default - none */
export const get = (path: string, id?: string, change: Partial<TaskDependencies> = {}): Promise<Answer> =>
  handler(change)(request({ path, id }), lambdaContext);

/** Acts as a worker: stores this file and the result. */
export async function succeed(
  { id, tasks }: JobRow,
  sound: Buffer = SOUND,
  change: Partial<Speech> = {},
): Promise<void> {
  const claim = await store.claim(id, 'message-1', Date.now() + 60_000, new Date());
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  const name = `speech.${tasks?.speech?.format ?? 'mp3'}`;
  const result: Speech = {
    version: 1,
    engine: { name: 'kokoro', model: 'kokoro-82m' },
    voice: 'af_heart',
    language: 'en',
    sample_rate: 24_000,
    plan: '0'.repeat(64),
    ...{ sentences: 1, characters: 6, seconds: 1.5 },
    chapters: [{ start: 0, end: 1.5 }],
    files: [{ name, bytes: sound.length, seconds: 1.5, attempt: 1 }],
    degraded: [],
    ...change,
  };
  const key = KEY.result(id, 1, 'speech');
  bucket.objects.set(KEY.file(id, 1, name), sound);
  bucket.objects.set(key, Buffer.from(JSON.stringify(result)));
  const receipt = { measures: { character: 6 } } as unknown as NonNullable<JobRow['receipt']>;
  await store.commit(claim.row, { results: { speech: key }, receipt, degraded: [], stages: {} }, new Date());
}

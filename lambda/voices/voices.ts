import { VOICE_ID_PATTERN } from '../../core/contract/keys';
import { shown } from '../../core/contract/text';
import type { ListVoicesResponse, Voice } from '../../core/contract/voices';
import { JobStore } from '../../core/jobs/job-store';
import { VoiceStore } from '../../core/voices/voice-store';
import { caller, type Request } from '../frame/caller';
import { documentClient } from '../frame/document-client';
import { httpHandler } from '../frame/http';
import { json, Refusal, type Response } from '../frame/refusal';
import { env, type Tools } from '../frame/runtime';
import { s3Client } from '../frame/s3-client';
import { createVoice } from './create-voice';
import { type Dependencies, eraseRecording, voiceView } from './kept-voice';

/**
 * `POST` and `GET /v1/voices`, `GET` and `DELETE /v1/voices/{id}`: the voices of people that a tenant
 * keeps, so that its jobs can name them.
 */
export const handler = httpHandler((): Dependencies => {
  const documents = documentClient();
  const table = env('jobsTable');
  return {
    store: new JobStore(documents, table),
    voices: new VoiceStore(documents, table),
    s3: s3Client(),
    bucket: env('mediaBucket'),
  };
}, manageVoices);

export async function manageVoices(
  request: Request,
  dependencies: Dependencies,
  tools: Tools,
): Promise<Response> {
  const { tenant } = caller(request);
  const { method } = request.requestContext.http;
  const id = request.pathParameters?.id;
  if (id === undefined) {
    if (method === 'POST') return createVoice(request, dependencies, tools);
    const data = (await dependencies.voices.list(tenant)).map(voiceView);
    return json(200, { object: 'list', data } satisfies ListVoicesResponse);
  }
  const voice = await ownVoice(id, tenant, dependencies);
  if (method === 'DELETE') return eraseVoice(voice, request, dependencies, tools);
  return json(200, voiceView(voice));
}

/** Erases the recording first: if that fails, the voice is still listed and can be erased again. */
async function eraseVoice(
  { id }: Voice,
  request: Request,
  dependencies: Dependencies,
  { logger }: Tools,
): Promise<Response> {
  const { tenant, key_id } = caller(request);
  await eraseRecording(tenant, id, dependencies);
  await dependencies.voices.remove(tenant, id);
  logger.info('erased a voice', { tenant, key_id, voice_id: id });
  return json(200, { id, object: 'voice', deleted: true });
}

/** @throws Refusal (404) if the id is unknown or malformed, or the voice is another tenant's */
async function ownVoice(id: string, tenant: string, { voices }: Dependencies): Promise<Voice> {
  const kept = new RegExp(VOICE_ID_PATTERN).test(id) ? await voices.list(tenant) : [];
  const voice = kept.find((each) => each.id === id);
  if (voice === undefined) throw new Refusal(404, 'not_found', `There is no voice ${shown(id)}`);
  return voice;
}

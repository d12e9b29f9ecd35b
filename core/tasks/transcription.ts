import { MODEL_ROUTES } from '../contract/http';
import { TRANSCRIPT_FORMATS } from '../contract/names';
import { Transcript } from '../contract/work/transcript';
import { TranscribeEvent } from '../contract/work/transcription';
import { transcriptionOptions } from './accepted-options';
import type { Task } from './task';

/** Words with times, and speakers on request. */
export const transcription: Task<'transcription'> = {
  name: 'transcription',
  resultName: 'transcript',
  result: Transcript,
  accepts: transcriptionOptions,
  service: { path: '/transcribe', event: TranscribeEvent },
  request: (options, { path, maxSeconds, speakers }) => ({
    ...options,
    path,
    max_seconds: maxSeconds,
    // Only those whose recordings are there: the others could not be told by voice.
    ...(speakers !== undefined && {
      known_speaker_names: speakers.map(({ name }) => name),
      known_speaker_references: speakers.map((recording) => recording.path),
    }),
  }),
  progressOf: (event) => (event.type === 'window' || event.type === 'stage' ? event.progress : undefined),
  resultOf: (event) => (event.type === 'result' ? event.transcript : undefined),
  formats: TRANSCRIPT_FORMATS,
  routes: [['POST', '/v1/audio/transcriptions'], ['POST', '/v1/audio/translations'], ...MODEL_ROUTES],
  mediaTypes: ['audio/*', 'video/*'],
  unit: 'audio_second',
  measure: ({ duration }) => duration,
  decides: true,
  givesWay: false,
  stages: ({ diarize }) => ['transcript', ...(diarize === true ? (['diarization'] as const) : [])],
  // If diarization failed, the transcript has no speakers, and `degraded` has the reason.
  stagesAtEnd: ({ diarize }, result) => ({
    transcript: result === undefined ? 'failed' : 'succeeded',
    ...(diarize === true && {
      diarization:
        result?.diarization === undefined || result.degraded.some(({ stage }) => stage === 'diarization')
          ? ('failed' as const)
          : ('succeeded' as const),
    }),
  }),
};

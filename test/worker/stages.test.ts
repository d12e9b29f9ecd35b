import { stagesAtEnd } from '../../docker/worker/src/stages';
import type { Transcript, TranscriptionOptions } from '../../lambda/contract';
import diarized from '../fixtures/contract/Transcript.diarized.json';
import words from '../fixtures/contract/Transcript.json';

const withSpeakers = diarized as unknown as Transcript;
const withoutSpeakers = words as Transcript;
const asked = { diarize: true };

test.each<[string, TranscriptionOptions, Transcript, ReturnType<typeof stagesAtEnd>]>([
  ['nothing of speakers that nobody asked for', {}, withoutSpeakers, { transcript: 'succeeded' }],
  [
    'nothing of speakers that were declined',
    { diarize: false },
    withoutSpeakers,
    { transcript: 'succeeded' },
  ],
  ['speakers that were found', asked, withSpeakers, { transcript: 'succeeded', diarization: 'succeeded' }],
  ['speakers that are missing', asked, withoutSpeakers, { transcript: 'succeeded', diarization: 'failed' }],
  [
    'speakers that the service lost',
    asked,
    { ...withSpeakers, degraded: [{ stage: 'diarization', reason: 'there is no model' }] },
    { transcript: 'succeeded', diarization: 'failed' },
  ],
])('the stages at the end tell of %s', (_, options, transcript, stages) => {
  expect(stagesAtEnd(options, transcript)).toEqual(stages);
});

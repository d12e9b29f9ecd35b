import { stagesAtEnd, stagesAtStart } from '../../../docker/worker/src/jobs/stages';
import type { Transcript } from '../../../core/contract/transcript';
import type { TranscriptionOptions } from '../../../core/contract/options';
import { analysisOf } from '../../support/model-server';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
import words from '../../fixtures/contract/Transcript.json';

const withSpeakers = diarized as unknown as Transcript;
const withoutSpeakers = words as Transcript;
const asked = { diarize: true };
const analysis = analysisOf(10);

test.each<[string, TranscriptionOptions, Transcript, ReturnType<typeof stagesAtEnd>]>([
  ['no speakers without diarization', {}, withoutSpeakers, { transcript: 'succeeded' }],
  ['no speakers with diarize false', { diarize: false }, withoutSpeakers, { transcript: 'succeeded' }],
  ['speakers found', asked, withSpeakers, { transcript: 'succeeded', diarization: 'succeeded' }],
  ['speakers missing', asked, withoutSpeakers, { transcript: 'succeeded', diarization: 'failed' }],
  [
    'speakers lost by the service',
    asked,
    { ...withSpeakers, degraded: [{ stage: 'diarization', reason: 'there is no model' }] },
    { transcript: 'succeeded', diarization: 'failed' },
  ],
])('the stages at the end of a job: %s', (_, options, transcript, stages) => {
  expect(stagesAtEnd(options, { transcript, degraded: [] }, false)).toEqual(stages);
});

test('the stages include a requested analysis, and a missing transcript', () => {
  const degraded: [] = [];
  expect(stagesAtStart(asked, true)).toEqual({
    transcript: 'running',
    diarization: 'waiting',
    analysis: 'running',
  });
  expect(stagesAtEnd({}, { transcript: withoutSpeakers, analysis, degraded }, true)).toEqual({
    transcript: 'succeeded',
    analysis: 'succeeded',
  });
  expect(stagesAtEnd({}, { transcript: withoutSpeakers, degraded }, true)).toEqual({
    transcript: 'succeeded',
    analysis: 'failed',
  });
  expect(stagesAtEnd(asked, { analysis, degraded }, true)).toEqual({
    transcript: 'failed',
    diarization: 'failed',
    analysis: 'succeeded',
  });
});

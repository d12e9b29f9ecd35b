import type { Analysis } from '../../../core/contract/work/analysis';
import { KNOWN_SPEAKERS, TASK_NAMES, TASK_STAGES } from '../../../core/contract/names';
import type { TranscriptionOptions } from '../../../core/contract/work/options';
import type { Transcript } from '../../../core/contract/work/transcript';
import { ALL_TASKS, TASKS, tasksIn } from '../../../core/tasks';
import { measuresOf } from '../../../core/tasks/measures';
import type { Stages } from '../../../core/tasks/task';
import understood from '../../fixtures/contract/Analysis.json';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
import words from '../../fixtures/contract/Transcript.json';

const withSpeakers = diarized as unknown as Transcript;
const withoutSpeakers = words as Transcript;
const analysis = understood as unknown as Analysis;
const asked = { diarize: true };

test.each<[string, TranscriptionOptions, Transcript | undefined, Stages]>([
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
  [
    'speakers found, but not known by voice',
    asked,
    { ...withSpeakers, degraded: [{ stage: KNOWN_SPEAKERS, reason: 'no recording' }] },
    { transcript: 'succeeded', diarization: 'succeeded' },
  ],
  ['no transcript', asked, undefined, { transcript: 'failed', diarization: 'failed' }],
])('the stages at the end of a transcription: %s', (_, options, transcript, stages) => {
  expect(TASKS.transcription.stagesAtEnd(options, transcript)).toEqual(stages);
});

test.each([
  ['names alone', undefined, { known_speaker_names: ['Ada', 'Grace'] }],
  [
    'those whose recordings are there',
    [{ name: 'Grace', path: 'job/speaker-2' }],
    { known_speaker_names: ['Grace'], known_speaker_references: ['job/speaker-2'] },
  ],
  ['nobody if no recording is there', [], { known_speaker_names: [], known_speaker_references: [] }],
])('the service is asked to name %s', (_, speakers, expected) => {
  const options = { ...asked, known_speaker_names: ['Ada', 'Grace'] };
  const request = TASKS.transcription.request(options, { path: 'job/input', maxSeconds: 60, speakers });
  expect(request).toEqual({ diarize: true, path: 'job/input', max_seconds: 60, ...expected });
});

describe.each(ALL_TASKS)('the task $name', (task) => {
  it('has the stages that its name declares, and ends all of them', () => {
    const all = TASK_STAGES[task.name];
    const stages = task.stages(asked);
    expect(all).toEqual(expect.arrayContaining(stages));
    expect(stages[0]).toBe(all[0]);
    expect(Object.keys(task.stagesAtEnd(asked, undefined))).toEqual(stages);
    expect(Object.values(task.stagesAtEnd(asked, undefined))).toEqual(stages.map(() => 'failed'));
  });

  it('has a result name of its own, which is a plain part of a path', () => {
    const others = ALL_TASKS.filter((each) => each !== task).map(({ resultName }) => resultName);
    expect(others).not.toContain(task.resultName);
    expect(task.resultName).toMatch(/^[a-z]+$/);
    expect(['upload', 'input', 'checkpoint']).not.toContain(task.resultName);
  });
});

test('the registry has every task under its name', () => {
  expect(Object.entries(TASKS).map(([key, { name }]) => [key, name])).toEqual(
    TASK_NAMES.map((name) => [name, name]),
  );
});

test('the tasks of a job are in a fixed order, which does not depend on the request', () => {
  const names = tasksIn({ analysis: {}, custom: {}, transcription: {} }).map(({ task }) => task.name);
  expect(names).toEqual(['transcription', 'analysis', 'custom']);
});

describe('the measures of a job', () => {
  const custom = { version: 1 as const, result: 'x', measure: 7, degraded: [] };
  const audio = { transcription: 'audio_second', analysis: 'audio_second' } as const;

  test('count the same audio once', () => {
    const results = {
      transcription: { ...withoutSpeakers, duration: 60 },
      analysis: { ...analysis, duration: 59.5 },
    };
    expect(measuresOf(results, audio)).toEqual({ audio_second: 60 });
    expect(measuresOf({ analysis: results.analysis }, audio)).toEqual({ audio_second: 59.5 });
  });

  test('are separate for each unit', () => {
    const results = { transcription: { ...withoutSpeakers, duration: 60 }, custom };
    expect(measuresOf(results, { ...audio, custom: 'token' })).toEqual({ audio_second: 60, token: 7 });
  });
});

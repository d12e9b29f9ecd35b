import type { Embedding } from '../../../core/contract/work/embedding';
import type { Speech } from '../../../core/contract/work/speech';
import type { Checkpoint, Transcript } from '../../../core/contract/work/transcript';
import { checkpointFiles, resultFiles } from '../../../core/jobs/job-files';
import embedding from '../../fixtures/contract/Embedding.json';
import speech from '../../fixtures/contract/Speech.json';
import speechCheckpoint from '../../fixtures/contract/Checkpoint.speech.json';
import embeddingCheckpoint from '../../fixtures/contract/Checkpoint.embedding.json';
import transcript from '../../fixtures/contract/Transcript.json';

test('the files of a result have the attempts that wrote them in their keys', () => {
  expect(resultFiles('speech', 'job_1', speech as Speech)).toEqual([
    'jobs/job_1/results/2/chapter-001.mp3',
    'jobs/job_1/results/2/chapter-002.mp3',
    'jobs/job_1/results/2/speech.m4b',
  ]);
  expect(resultFiles('embedding', 'job_1', embedding as Embedding)).toEqual([
    'jobs/job_1/results/1/part-000001.parquet',
  ]);
  expect(resultFiles('transcription', 'job_1', transcript as unknown as Transcript)).toEqual([]);
});

test('a checkpoint names the parts of every task', () => {
  expect(checkpointFiles('job_1', speechCheckpoint as Checkpoint)).toEqual([
    'jobs/job_1/results/1/part-000001.flac',
    'jobs/job_1/results/1/part-000002.flac',
    'jobs/job_1/results/2/part-000003.flac',
  ]);
  expect(checkpointFiles('job_1', embeddingCheckpoint as Checkpoint)).toEqual([
    'jobs/job_1/results/1/part-000001.parquet',
  ]);
  expect(checkpointFiles('job_1', {})).toEqual([]);
});

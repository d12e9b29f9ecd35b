import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { hearing, ModelServer, until } from '../../support/model-server';
import { eachTest } from './each-test';
import { RunningWorkers } from './running-worker';
import type { WorkerAws } from './worker-aws';

const VISIBILITY = 3;
const NAMES = ['Ada', 'Grace'];
let aws: WorkerAws;
let model: ModelServer;
const workers = new RunningWorkers();

eachTest(VISIBILITY, workers, async (started) => {
  aws = started;
  model = await ModelServer.start(hearing(60, 1));
  return [model];
});

const startWorker = () => workers.start(aws, { whisper: model }, VISIBILITY);

/** A job with known speakers, whose recordings are not stored yet. */
function knowing(names: string[]): Promise<JobRow> {
  const id = `job_${randomBytes(16).toString('hex')}`;
  const keys = names.map((_, index) => KEY.speaker(id, index + 1));
  const change = { id, input_key: KEY.input(id), speaker_recordings: keys };
  return aws.job({ diarize: true, known_speaker_names: names }, 'sound', change);
}

const pathsOf = ({ id }: JobRow) => [`${id}/speaker-1`, `${id}/speaker-2`];

it('lays the recordings of known speakers beside the audio, and removes them with it', async () => {
  const job = await knowing(NAMES);
  for (const [index, name] of NAMES.entries())
    await aws.put(KEY.speaker(job.id, index + 1), `voice of ${name}`);
  const seen: string[] = [];
  const script = hearing(60, 1);
  model.script = (request, answer) => {
    const paths = request.known_speaker_references ?? [];
    seen.push(...paths.map((path) => readFileSync(join(workers.folders[0]!, path), 'utf8')));
    return script(request, answer);
  };
  await startWorker();
  await aws.sendJob(job);
  await aws.ended(job);
  expect(model.requests).toMatchObject([
    { known_speaker_names: NAMES, known_speaker_references: pathsOf(job) },
  ]);
  expect(seen).toEqual(['voice of Ada', 'voice of Grace']);
  await aws.emptied();
  await until(() => readdirSync(workers.folders[0]!).length === 0, 'scratch is empty');
  expect(await aws.versions(KEY.speakers(job.id))).toEqual([]);
});

it('has them for the next attempt, and reports whose recording is gone', async () => {
  const job = await knowing(NAMES);
  await aws.put(KEY.speaker(job.id, 2), 'voice of Grace');
  model.script = hearing(60, 200);
  const worker = await startWorker();
  await aws.sendJob(job);
  await until(async () => (await aws.keys(KEY.checkpoint(job.id))).length === 1, 'a checkpoint');
  await workers.stop(worker);
  model.script = hearing(60, 1);
  await startWorker();
  await aws.ended(job);
  expect(model.requests).toHaveLength(2);
  expect(model.requests[1]?.start_at).toBeGreaterThan(0);
  for (const request of model.requests)
    expect(request).toMatchObject({
      known_speaker_names: ['Grace'],
      known_speaker_references: pathsOf(job).slice(1),
    });
  const lost = {
    stage: 'known_speakers',
    reason: '"Ada" is not known by voice: The recording is no longer in the bucket',
  };
  const done = await aws.row(job);
  expect(done).toMatchObject({ stages: { diarization: 'succeeded' }, degraded: [lost] });
  expect((await aws.transcript(done)).degraded).toEqual([lost]);
});

it('gives no name by the order of words if all recordings are gone', async () => {
  const job = await knowing(['Ada']);
  await startWorker();
  await aws.sendJob(job);
  await aws.ended(job);
  expect(model.requests).toMatchObject([{ known_speaker_names: [], known_speaker_references: [] }]);
});

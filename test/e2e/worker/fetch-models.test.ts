import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchModels } from '../../../docker/worker/src/fetch-models';
import { createLog } from '../../../docker/worker/src/log';
import { pushFolder } from '../../../cli/models/push-folder';
import { WorkerAws } from './worker-aws';

jest.setTimeout(60_000);

// Several parts of an upload and of a fetch, and a rest.
const big = randomBytes((72 << 20) + 1234);
let aws: WorkerAws;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
  aws = await WorkerAws.start();
});
afterAll(async () => {
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('what was pushed is what a machine fetches', async () => {
  const own = join(folder, 'own');
  const model = { name: 'own', revision: '1' };
  const { s3 } = aws.mine();
  mkdirSync(join(own, 'vocabulary'), { recursive: true });
  writeFileSync(join(own, 'model.bin'), big);
  writeFileSync(join(own, 'vocabulary/en.txt'), 'a b c');
  await pushFolder({ s3, bucket: aws.bucket }, model, own, { source: null, license: null });
  const machine = join(folder, 'machine');
  const settings = { modelBucket: aws.bucket, modelDir: machine, models: [{ ...model, required: true }] };
  await fetchModels(settings, s3, createLog({ write: () => undefined }));
  expect(readFileSync(join(machine, 'own/model.bin')).equals(big)).toBe(true);
  expect(readFileSync(join(machine, 'own/vocabulary/en.txt'), 'utf8')).toBe('a b c');
});

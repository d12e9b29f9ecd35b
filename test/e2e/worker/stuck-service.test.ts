import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonEnvironment } from '../../../local/installation';
import { freePort } from '../../../local/ports';
import { until } from '../../support/model-server';
import { RunningWorkers } from './running-worker';
import { WorkerAws } from './worker-aws';

const VISIBILITY = 5;
const PACKAGES = ['common', 'audio', 'whisper', 'testing'].map((name) =>
  join(__dirname, '../../../docker', name),
);
jest.setTimeout(300_000);

/** A whisper service that gets stuck, and what ECS does about it: whenever it ends, it is started again. */
class WedgingService {
  readonly url: string;
  readonly statuses: (number | null)[] = [];
  private child: ChildProcess | undefined;
  private stopped = false;

  constructor(
    private readonly python: string,
    private readonly port: number,
    private readonly folder: string,
    private readonly sharedAudio: string,
    private readonly wedge: string,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.start();
  }

  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  stop(): void {
    this.stopped = true;
    this.child?.kill('SIGKILL');
  }

  private start(): void {
    const log = openSync(join(this.folder, 'log'), 'a');
    this.child = spawn(this.python, ['-m', 'spotscribe_testing.models.wedging_whisper'], {
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: PACKAGES.join(':'),
        PORT: String(this.port),
        TMPDIR: this.folder,
        SHARED_AUDIO: this.sharedAudio,
        WEDGE: this.wedge,
        WEDGE_ONCE: join(this.folder, 'once'),
        STUCK_SECONDS: '3',
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.child.once('exit', (status) => {
      this.statuses.push(status);
      if (!this.stopped) this.start();
    });
  }
}

let aws: WorkerAws;
let python: string;
let service: WedgingService | undefined;
const folder = mkdtempSync(join(tmpdir(), 'stuck-service-'));
const audio = join(folder, 'audio.flac');
const workers = new RunningWorkers();

beforeAll(async () => {
  [aws, python] = await Promise.all([
    WorkerAws.start(),
    pythonEnvironment('whisper', 'docker/whisper/requirements.laptop.txt', () => undefined),
  ]);
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=f=440:r=16000:d=35', audio]);
});
afterAll(async () => {
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => aws.freshQueues(VISIBILITY));
afterEach(async () => {
  service?.stop();
  await workers.reset();
});

describe('a model service whose thread is stuck', () => {
  it.each(['wait', 'native'])(
    'in Python or in native code (%s) ends, is started again, and its job goes on from what it had told',
    async (wedge) => {
      const scratch = mkdtempSync(join(folder, `${wedge}-`));
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const job = await aws.job({}, readFileSync(audio));
      await workers.start(aws, { whisper: { url } }, VISIBILITY, { guards: { absentMs: 120_000 } });
      service = new WedgingService(python, port, scratch, workers.folders[0]!, wedge);
      await aws.sendJob(job);

      await until(async () => (await aws.store.get(job.id))?.status === 'succeeded', 'the job succeeds', 200);
      expect(existsSync(join(scratch, 'once'))).toBe(true);
      expect(service.statuses).toEqual([14]);
      expect(service.log).toContain('get_stuck');
      const row = (await aws.store.get(job.id))!;
      expect(row).toMatchObject({ attempt: 2, degraded: [] });
      expect((await aws.transcript(row)).segments.length).toBeGreaterThan(3);
      // What the first process had heard, the second one was not asked for; held up with all of Python, it told nobody.
      const figures = await (await fetch(`${url}/metrics`)).text();
      const heard = Number(/^spotscribe_audio_seconds_total (.*)$/m.exec(figures)?.[1]);
      expect(heard).toBeGreaterThan(0);
      if (wedge === 'wait') expect(heard).toBeLessThan(30);
      expect(workers.lines).toContainEqual(expect.objectContaining({ job: job.id, outcome: 'retried' }));
    },
  );
});

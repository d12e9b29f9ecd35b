import { MachineTime } from '../../../docker/worker/src/jobs/machine-time';

let now: number;
let machine: MachineTime;

beforeEach(() => {
  now = 0;
  machine = new MachineTime(() => now);
});

describe('a machine’s time', () => {
  it('belongs to the only job, from its start to its end', () => {
    now = 5_000;
    const job = machine.open();
    now = 7_000;
    const end = job.work();
    now = 10_000;
    end();
    now = 11_000;
    job.end();
    now = 20_000;
    expect(job.seconds).toBe(6);
  });

  it('belongs to the job that uses a model, not to a waiting one', () => {
    const first = machine.open();
    const end = first.work();
    now = 4_000;
    const second = machine.open();
    now = 10_000;
    end();
    first.end();
    now = 12_000;
    expect([first.seconds, second.seconds]).toEqual([10, 2]);
  });

  it('is shared by jobs that use models at the same time, so that no second counts twice', () => {
    const [analyzed, transcribed] = [machine.open(), machine.open()];
    analyzed.work();
    now = 6_000;
    transcribed.work();
    now = 10_000;
    expect([analyzed.seconds, transcribed.seconds]).toEqual([8, 2]);
  });

  it('counts a job that uses two models once', () => {
    const job = machine.open();
    const [end] = [job.work(), job.work()];
    now = 3_000;
    end();
    end();
    const other = machine.open();
    now = 5_000;
    expect([job.seconds, other.seconds]).toEqual([5, 0]);
  });
});

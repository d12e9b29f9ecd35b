import type { RunningWorkers } from './running-worker';
import { WorkerAws } from './worker-aws';

/** A model server of a test. */
interface Server {
  stop: () => Promise<unknown>;
}

/**
 * Starts the emulator for the tests of a file. Each test gets new queues and new model servers; its workers end
 * with it.
 *
 * @param visibility visibility timeout of the queues in seconds
 * @param begin starts the model servers of a test, and keeps what the tests use
 */
export function eachTest(
  visibility: number,
  workers: RunningWorkers,
  begin: (aws: WorkerAws) => Promise<Server[]>,
): void {
  let aws: WorkerAws | undefined;
  let servers: Server[] = [];
  beforeAll(async () => {
    aws = await WorkerAws.start();
  });
  afterAll(() => aws?.stop());
  beforeEach(async () => {
    await aws!.freshQueues(visibility);
    servers = await begin(aws!);
  });
  afterEach(async () => {
    await workers.reset();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
}

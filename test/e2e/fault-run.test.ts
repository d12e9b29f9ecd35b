import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failedCalls, FAULTY_SERVICES } from '../../bench/faults/call-faults';
import { violations } from '../../bench/faults/result';
import { runFaults } from '../../bench/faults/run';

const none = (counts: Record<string, number>) =>
  Object.fromEntries(Object.keys(counts).map((each) => [each, 0]));

test('workers are killed and calls fail: no job is lost, committed twice, buried or wrong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spotscribe-fault-run-'));
  try {
    const result = await runFaults(
      { jobs: 50, kills: 16, workers: 3, seed: 1, minutes: 20 },
      { folder, signal: new AbortController().signal, say: () => undefined },
    );
    const found = violations(result);
    expect(found).toEqual(none(found));
    expect(result.kills).toEqual({ SIGKILL: 8, SIGTERM: 8 });
    for (const service of FAULTY_SERVICES) expect(failedCalls(result.calls[service])).toBeGreaterThan(0);
    expect(result.findings.reruns).toBeGreaterThan(0);
    expect(result.duplicates.sent).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

import { jobLines, jobTable } from '../../../cli/jobs/job-views';
import { view } from '../../../core/jobs/views';
import { row } from '../../support/support';

const DELAY = 'The fleet has lacked machines since 2026-03-01 14:03 UTC. AWS says: no\u001b[31m capacity';
const SHOWN = 'The fleet has lacked machines since 2026-03-01 14:03 UTC. AWS says: no capacity';
const queued = view(row({ status: 'queued' }), DELAY);

test('a list says once why queued jobs wait', () => {
  const lines = jobTable([queued, view(row({ status: 'running' }), DELAY), queued]).split('\n');
  expect(lines).toHaveLength(6);
  expect(lines.at(-1)).toBe(`Queued jobs wait. ${SHOWN}`);
});

test('a queued job is shown with why it waits', () => {
  expect(jobLines(queued)).toMatch(new RegExp(`^delay +${SHOWN}$`, 'm'));
  expect(jobLines(view(row({ status: 'queued' })))).not.toContain('delay');
});

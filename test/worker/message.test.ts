import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backoffSeconds, parseMessage } from '../../docker/worker/src/message';

const id = `job_${'0a'.repeat(16)}`;

describe('a message', () => {
  it('names a job, as the contract’s fixture does', () => {
    const fixture = readFileSync(join(__dirname, '../fixtures/contract/JobMessage.json'), 'utf8');
    expect(parseMessage(fixture)).toEqual({ jobId: (JSON.parse(fixture) as { job_id: string }).job_id });
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['another shape', '[]'],
    ['another version', JSON.stringify({ version: 99, job_id: id })],
    ['no id', JSON.stringify({ version: 1 })],
    ['an id that is a path', JSON.stringify({ version: 1, job_id: '../../etc' })],
    ['an id with a line after it', JSON.stringify({ version: 1, job_id: `${id}\n` })],
  ])('is not understood if it holds %s', (_, body) => {
    expect(parseMessage(body)).toEqual({ fault: expect.any(String) });
  });

  it('comes back after 5, 10, 20, 40, 80 seconds, and never after more than 300', () => {
    expect([1, 2, 3, 4, 5].map(backoffSeconds)).toEqual([5, 10, 20, 40, 80]);
    expect(backoffSeconds(1000)).toBe(300);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  backoffSeconds,
  isExhausted,
  lossesBefore,
  parseMessage,
} from '../../../docker/worker/src/queue/message';
import type { JobMessage } from '../../../core/contract/job';

const id = `job_${'0a'.repeat(16)}`;

describe('a message', () => {
  it.each([
    ['JobMessage.json', 0, 0, 0],
    ['JobMessage.interrupted.json', 3, 0, 0],
    ['JobMessage.lost.json', 1, 4, 0],
    ['JobMessage.unready.json', 0, 0, 2],
  ])('has a job and its counts, as in the contract’s fixture %s', (file, failures, losses, unready) => {
    const fixture = readFileSync(join(__dirname, '../../fixtures/contract', file), 'utf8');
    const { job_id } = JSON.parse(fixture) as JobMessage;
    expect(parseMessage(fixture)).toEqual({ jobId: job_id, failures, losses, unready });
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['another shape', '[]'],
    ['another version', JSON.stringify({ version: 99, job_id: id })],
    ['no id', JSON.stringify({ version: 1 })],
    ['failures that are no number', JSON.stringify({ version: 1, job_id: id, failures: '3' })],
    ['an id that is a path', JSON.stringify({ version: 1, job_id: '../../etc' })],
    ['an id with a line after it', JSON.stringify({ version: 1, job_id: `${id}\n` })],
  ])('is not valid with %s', (_, body) => {
    expect(parseMessage(body)).toEqual({ fault: expect.any(String) });
  });

  it('comes back after 5, 10, 20, 40, 80 seconds, and never after more than 300', () => {
    expect([1, 2, 3, 4, 5].map(backoffSeconds)).toEqual([5, 10, 20, 40, 80]);
    expect(backoffSeconds(1000)).toBe(300);
  });

  it('counts its stored losses and its earlier receives as losses', () => {
    expect(lossesBefore(0, 1)).toBe(0);
    expect(lossesBefore(3, 2)).toBe(4);
  });

  it('is not tried again after five failures or ten losses', () => {
    expect([4, 5, 6].map((failures) => isExhausted(failures, 0))).toEqual([false, true, true]);
    expect([9, 10, 11].map((losses) => isExhausted(0, losses))).toEqual([false, true, true]);
    expect(isExhausted(4, 9)).toBe(false);
  });
});

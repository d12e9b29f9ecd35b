import type { ScanGate } from '../../../core/images/image-request';
import { type Scan, scanVerdict } from '../../../lambda/images/scan-gate';

const scan = (status: string, ...findings: [string, string][]): Scan => ({
  status,
  findings: findings.map(([id, severity]) => ({ id, severity })),
});
const verdict = (given: Scan | undefined, sincePush = 10, gate: ScanGate = 'CRITICAL') =>
  scanVerdict(given, sincePush, gate, [{ id: 'CVE-1', reason: 'not reachable' }]).verdict;

test.each<[string, Scan, ScanGate, string]>([
  ['nothing found', scan('COMPLETE'), 'CRITICAL', 'pass'],
  ['a critical finding', scan('COMPLETE', ['CVE-2', 'CRITICAL']), 'CRITICAL', 'refuse'],
  ['an accepted one', scan('COMPLETE', ['CVE-1', 'CRITICAL']), 'CRITICAL', 'pass'],
  [
    'an accepted one and another one',
    scan('COMPLETE', ['CVE-1', 'CRITICAL'], ['CVE-2', 'CRITICAL']),
    'CRITICAL',
    'refuse',
  ],
  ['a high one below the gate', scan('COMPLETE', ['CVE-2', 'HIGH']), 'CRITICAL', 'pass'],
  ['a high one', scan('COMPLETE', ['CVE-2', 'HIGH']), 'HIGH', 'refuse'],
  ['a critical one above the gate', scan('COMPLETE', ['CVE-2', 'CRITICAL']), 'HIGH', 'refuse'],
  ['a medium one', scan('COMPLETE', ['CVE-2', 'MEDIUM']), 'HIGH', 'pass'],
  ['a critical one that Inspector found', scan('ACTIVE', ['CVE-2', 'CRITICAL']), 'CRITICAL', 'refuse'],
  ['a critical one without a gate', scan('COMPLETE', ['CVE-2', 'CRITICAL']), 'off', 'pass'],
])('%s', (_, given, gate, expected) => {
  expect(verdict(given, 10, gate)).toBe(expected);
});

test.each<[string, Scan | undefined, number, string]>([
  ['waits for a scan to begin', undefined, 10, 'wait'],
  ['passes if no scan begins in time', undefined, 200, 'pass'],
  ['waits for a scan to end', scan('IN_PROGRESS'), 200, 'wait'],
  ['passes if the scan does not end in time', scan('IN_PROGRESS'), 1000, 'pass'],
  ['passes an image that cannot be scanned', scan('UNSUPPORTED_IMAGE'), 10, 'pass'],
])('%s', (_, given, sincePush, expected) => {
  expect(verdict(given, sincePush)).toBe(expected);
});

test('reports that an image could not be scanned', () => {
  const blind = scanVerdict(
    { status: 'FAILED', description: 'no such system', findings: [] },
    10,
    'HIGH',
    [],
  );
  expect(blind).toEqual({ verdict: 'pass', text: 'not scanned: FAILED (no such system)' });
});

test('limits the text about accepted findings to CloudFormation’s limit', () => {
  const many = Array.from({ length: 50 }, (_, number): [string, string] => [`CVE-${number}`, 'CRITICAL']);
  const accepted = many.map(([id]) => ({ id, reason: 'not reachable from here: '.repeat(10) }));
  const { text } = scanVerdict(scan('COMPLETE', ...many), 10, 'CRITICAL', accepted) as { text: string };
  expect(text).toMatch(/^findings of severity CRITICAL accepted: CVE-0: not reachable .*…$/);
  expect(text.length).toBeLessThan(1100);
});

test('names at most thirty findings, and the number of further ones', () => {
  const many = Array.from({ length: 50 }, (_, number): [string, string] => [`CVE-${number + 100}`, 'HIGH']);
  expect(scanVerdict(scan('COMPLETE', ...many), 10, 'HIGH', [])).toEqual({
    verdict: 'refuse',
    text: expect.stringMatching(/CVE-129 \(HIGH\), and 20 more$/) as unknown,
  });
});

import { CALL_FAULTS, chooseFault, failedCalls, serviceOf } from '../../../bench/faults/call-faults';
import { seeded } from '../../../bench/fleet/random';

const signedFor = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260301/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

it('knows the service of a call by its signature', () => {
  expect(['s3', 'sqs', 'dynamodb'].map((each) => serviceOf(signedFor(each)))).toEqual([
    's3',
    'sqs',
    'dynamodb',
  ]);
  expect(serviceOf(signedFor('events'))).toBeUndefined();
  expect(serviceOf(undefined)).toBeUndefined();
});

it('affects a share of the calls in every way, and passes most on', () => {
  const random = seeded(1);
  const chosen = Array.from({ length: 10_000 }, () => chooseFault(random));
  expect(new Set(chosen)).toEqual(new Set([undefined, ...CALL_FAULTS]));
  expect(chosen.filter((fault) => fault === undefined).length).toBeGreaterThan(8_500);
});

it('counts a call that is only late as one that did not fail', () => {
  expect(failedCalls({ calls: 9, reset: 1, refused: 2, unanswered: 3, delayed: 3 })).toBe(6);
});

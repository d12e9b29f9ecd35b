import { preferenceOf } from '../../../lambda/openai/preference';

test.each([
  [undefined, { waitSeconds: 25, job: true, async: false }],
  ['', { waitSeconds: 25, job: true, async: false }],
  ['respond-async', { waitSeconds: 0, job: true, async: true }],
  ['Respond-Async; foo="bar"', { waitSeconds: 0, job: true, async: true }],
  ['wait=10', { waitSeconds: 10, job: false, async: false }],
  ['wait = "10"; x=1', { waitSeconds: 10, job: false, async: false }],
  ['wait=600', { waitSeconds: 25, job: false, async: false }],
  ['wait=0', { waitSeconds: 0, job: false, async: false }],
  ['respond-async, wait=10', { waitSeconds: 10, job: true, async: true }],
  ['wait=3,wait=9, return=minimal', { waitSeconds: 3, job: false, async: false }],
  // Invalid preferences are ignored.
  ['wait', { waitSeconds: 25, job: true, async: false }],
  ['wait=soon', { waitSeconds: 25, job: true, async: false }],
  ['wait=-1', { waitSeconds: 25, job: true, async: false }],
  ['respond-asynchronously', { waitSeconds: 25, job: true, async: false }],
])('reads Prefer: %s', (header, preference) => {
  expect(preferenceOf(header, 25)).toEqual(preference);
});

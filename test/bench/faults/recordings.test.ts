import { hear, recordings } from '../../../bench/faults/recordings';
import { seeded } from '../../../bench/fleet/random';

const made = recordings(100, seeded(1));

it('hears in each recording what is in no other', () => {
  const sentences = made.flatMap(({ bytes }) => hear(bytes).sentences);
  expect(new Set(sentences).size).toBe(sentences.length);
});

it('makes the same recordings from the same seed, short ones and some that reach a checkpoint', () => {
  expect(recordings(100, seeded(1))).toEqual(made);
  const workMs = made
    .map(({ bytes }) => hear(bytes))
    .map(({ sentences, paceMs }) => sentences.length * paceMs);
  expect(workMs.filter((ms) => ms < 1_000).length).toBeGreaterThan(80);
  expect(Math.max(...workMs)).toBeGreaterThan(5_000);
});

it('does not take a part of a recording for the whole', () => {
  const [{ bytes }] = made as [(typeof made)[0]];
  expect(hear(bytes.subarray(0, -1)).sentences[0]).not.toBe(hear(bytes).sentences[0]);
});

import { readFileSync } from 'node:fs';
import {
  CARDS,
  cardOf,
  embeddingParts,
  kokoroParts,
  needed,
  voxtralParts,
  whisperParts,
  xttsParts,
} from '../../../lib/machine/gpu-memory';
import { defaultSettings } from '../../../lib/settings';
import service from '../../fixtures/gpu-memory.json';
import { MEMORY_FILE, memoryDocument } from '../../../scripts/gpu-memory';

const mebibytes = (name: string) => CARDS.find((card) => card.name === name)!.mebibytes;
const together = needed(whisperParts('large-v3-turbo')) + needed(voxtralParts('nf4'));

test('the document matches the figures', () => {
  expect(readFileSync(MEMORY_FILE, 'utf8')).toBe(memoryDocument());
});

test('every machine type of the default settings has a GPU with known memory', () => {
  for (const type of defaultSettings().instanceTypes) expect(cardOf(type)).toBeDefined();
  expect(cardOf('m7i.large')).toBeUndefined();
});

// Public figures of Voxtral-Mini-3B: 9.4 GB in half precision, 4.7 GB in 4 bits.
test.each([
  ['none', 9.4],
  ['nf4', 4.7],
] as const)('the weights of Voxtral with %s weigh %d GB', (quantization, gigabytes) => {
  const weights = voxtralParts(quantization).find(({ what }) => what.startsWith('Voxtral'))!;
  expect(weights.bytes / 1e9).toBeCloseTo(gigabytes, 1);
});

test('the memory of a Voxtral window equals the estimate of the service', () => {
  const bytes = voxtralParts('nf4').map((part) => part.bytes);
  const { context, cache, activations, logits, reserve } = service;
  expect([bytes[0], ...bytes.slice(2)]).toEqual([context, cache, activations, logits, reserve]);
  expect(voxtralParts('nf4')[2]!.what).toBe(`keys and values of ${service.tokens} tokens`);
});

test('both models share a T4 with Voxtral in 4 bits, and not in half precision', () => {
  expect(together).toBeLessThan(0.9 * mebibytes('T4'));
  const half = needed(whisperParts('large-v3-turbo')) + needed(voxtralParts('none'));
  expect(half).toBeGreaterThan(mebibytes('T4'));
  expect(half).toBeLessThan(mebibytes('L4'));
});

// Sizes of the published checkpoints in single precision: 4.96 GB and 3.1 MB, 90.9 MB, 470.6 MB.
test.each([
  ['instructor-xl', 4.97],
  ['all-MiniLM-L6-v2', 0.09],
  ['multilingual-e5-small', 0.47],
] as const)('the weights of %s weigh %d GB, half of it in half precision', (model, gigabytes) => {
  const weights = (precision: 'float32' | 'float16') =>
    embeddingParts(model, precision).find(({ what }) => what.startsWith(model))!.bytes;
  expect(weights('float32') / 1e9).toBeCloseTo(gigabytes, 2);
  expect(weights('float16')).toBe(weights('float32') / 2);
});

// Sizes of the published files: 325.5 MB and 1.87 GB.
test.each([
  ['Kokoro-82M', kokoroParts(), 0.326],
  ['XTTS v2', xttsParts(), 1.868],
])('the weights of %s weigh what its file does', (name, parts, gigabytes) => {
  const weights = parts.find(({ what }) => what.startsWith(name))!;
  expect(weights.bytes / 1e9).toBeCloseTo(gigabytes, 3);
});

test('either voice model fits next to Whisper on a T4', () => {
  for (const parts of [kokoroParts(), xttsParts()])
    expect(needed(parts) + needed(whisperParts('large-v3-turbo'))).toBeLessThan(0.9 * mebibytes('T4'));
});

test('the default embedding model fits on a T4 in both precisions', () => {
  const most = needed(embeddingParts('instructor-xl', 'float32'));
  expect(most).toBeLessThan(0.9 * mebibytes('T4'));
  expect(needed(embeddingParts('instructor-xl', 'float16'))).toBeLessThan(most);
});

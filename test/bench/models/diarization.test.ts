import { misses } from '../../../bench/figure';
import { diarizationFigures } from '../../../bench/models/diarization';

const found = {
  ...{ device: 'cpu', audio: 40, plain: [20, 22, 90], shared: [9, 8, 11] },
  processor: { plain: [30, 33, 31], shared: [10, 11, 10] },
};

test('compares medians of both ways; the ratio is above 1 if shared frames are faster', () => {
  const figures = diarizationFigures(found);
  expect(figures.map(({ value }) => value)).toEqual([22 / 9, 3.1, 40 / 9]);
  expect(figures.filter(misses)).toEqual([]);
});

test('misses its target where sharing saves less than half', () => {
  expect(diarizationFigures({ ...found, shared: [12, 12, 12] }).filter(misses)).toMatchObject([
    { name: "diarization: embeddings beside pyannote's own way (cpu)" },
  ]);
});

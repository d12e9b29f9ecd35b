import { AUDIO_WORK, audioHourCost, timesWhisper, WHISPER_SPEED } from '../../../core/prices/audio-hour';
import { voxtralAnalysisSeconds, voxtralWordSeconds } from '../../../core/prices/voxtral-time';

/** Voxtral-Mini-3B's language model, without the embeddings: 3,208,829,952 and 402,653,184 parameters. */
const WEIGHTS = 3_611_483_136;
const ENCODER = 636_968_960 + 25_165_824;

describe('the time of Voxtral on a T4', () => {
  test('is that of reading all weights for each token, and of the arithmetic of each prompt', () => {
    // An hour is 144 pieces of 375 tokens and 1500 steps of the encoder, of 84.375 tokens of text each.
    const flops = (pieces: number) =>
      2 * (pieces * 375 * WEIGHTS + pieces * 1500 * ENCODER) + 2 * 30 * (pieces * 375) ** 2 * 3072;
    const token = (2 * WEIGHTS) / (320e9 * 0.6);
    const words = 18 * 84.375 * 1.3 * token + (144 * flops(1)) / (65e12 * 0.4);
    expect(voxtralWordSeconds().least).toBeCloseTo(words, 6);
    const slowToken = (2 * WEIGHTS) / (320e9 * 0.25);
    const analysis = 36 * (700 * slowToken + flops(20) / (65e12 * 0.2));
    expect(voxtralAnalysisSeconds(6).most).toBeCloseTo(analysis, 6);
  });

  test('is in proportion to the tasks of the analysis', () => {
    const [one, six] = [voxtralAnalysisSeconds(1), voxtralAnalysisSeconds(6)];
    expect(six.least / one.least).toBeCloseTo(6);
    expect(six.most / one.most).toBeCloseTo(6);
  });
});

describe('an hour of audio', () => {
  test('costs on path 200 what the measured speed says', () => {
    const [whisper] = AUDIO_WORK;
    expect(WHISPER_SPEED).toBe(16.4);
    expect(audioHourCost(0.205, whisper!.seconds)).toEqual({ least: 0.0125, most: 0.0125 });
    expect(timesWhisper(whisper!.seconds)).toEqual({ least: 1, most: 1 });
  });

  test('costs several times as much with an analysis, and no estimate is upside down', () => {
    for (const { seconds } of AUDIO_WORK) expect(seconds.most).toBeGreaterThanOrEqual(seconds.least);
    const withAnalysis = AUDIO_WORK.filter(({ result }) => result === 'words and analysis');
    expect(withAnalysis.map(({ paths }) => paths)).toEqual([['Voxtral'], ['Hybrid']]);
    for (const { seconds } of withAnalysis) {
      expect(timesWhisper(seconds).least).toBeGreaterThan(2);
      expect(timesWhisper(seconds).most).toBeGreaterThan(10);
    }
  });
});

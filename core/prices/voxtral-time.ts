import figures from '../models/model-figures.json';

/** A lower and an upper estimate. */
export interface Range {
  least: number;
  most: number;
}

/** A value that is known. */
export const exactly = (value: number): Range => ({ least: value, most: value });

/** What an estimate assumes. */
interface Assumptions {
  /** Share of the card's arithmetic that reading a prompt reaches. */
  computing: number;
  /** Share of the card's memory bandwidth that writing a token reaches. */
  reading: number;
  /** Tokens of an answer of the analysis. The service allows 1,536. */
  answerTokens: number;
}

/**
 * The favourable and the unfavourable case. Nothing was measured on a T4: each pair is wide enough
 * that a measurement should lie between them.
 */
export const ASSUMED: { least: Assumptions; most: Assumptions } = {
  least: { computing: 0.4, reading: 0.6, answerTokens: 300 },
  most: { computing: 0.2, reading: 0.25, answerTokens: 700 },
};

/** NVIDIA's data sheet of the T4: half precision with tensor cores, and memory bandwidth. */
const T4 = { flops: 65e12, bytesPerSecond: 320e9 };

const HALF = 2;
/** Floating-point operations for a parameter and a token: a product and a sum. */
const FLOPS = 2;
const PIECE_SECONDS = 30;
/** Mean length of a piece: pieces end at a pause within the last third of 30 s. */
const CUT_PIECE_SECONDS = 25;
/** Words of talk in an hour, at 150 a minute, and tokens for an English word. */
const WORDS_AN_HOUR = 9000;
const TOKENS_A_WORD = 1.35;
/** Pieces that a T4 transcribes at once (`MOST_PROMPTS`). The longest text of a batch decides. */
const BATCH = 8;
const LONGEST_OF_BATCH = 1.3;
/** The longest window of an analysis (`LONGEST_WINDOW_SECONDS`). A T4 holds one prompt of this length. */
const WINDOW_SECONDS = 600;

const { voxtral } = figures;
const textWeights = voxtral.blocks + voxtral.head;
const pieceTokens = (voxtral.audioPositions * voxtral.audioWidth) / voxtral.audioFeedForward;

/** Seconds in which the model writes a token, whatever the size of the batch: it reads all weights once. */
const tokenSeconds = ({ reading }: Assumptions): number =>
  (textWeights * HALF) / (T4.bytesPerSecond * reading);

/** Seconds in which the model reads so many pieces of 30 s as one prompt. */
function promptSeconds(pieces: number, { computing }: Assumptions): number {
  const tokens = pieces * pieceTokens;
  const heard = pieces * voxtral.audioPositions * FLOPS * (voxtral.audioTower + voxtral.projector);
  const read = tokens * FLOPS * textWeights;
  // Scores and sums of attention, half of which the causal mask leaves out.
  const attended = 2 * voxtral.layers * tokens ** 2 * voxtral.width;
  return (heard + read + attended) / (T4.flops * computing);
}

const both = (of: (assumed: Assumptions) => number): Range => ({
  least: of(ASSUMED.least),
  most: of(ASSUMED.most),
});

/** Seconds of a T4 for the words of an hour of talk, by Voxtral-Mini-3B in half precision. Computed. */
export const voxtralWordSeconds = (): Range =>
  both((assumed) => {
    const pieces = 3600 / CUT_PIECE_SECONDS;
    const longest = ((WORDS_AN_HOUR * TOKENS_A_WORD) / pieces) * LONGEST_OF_BATCH;
    return (pieces / BATCH) * longest * tokenSeconds(assumed) + pieces * promptSeconds(1, assumed);
  });

/**
 * Seconds of a T4 for the analysis of an hour of talk, by Voxtral-Mini-3B in half precision. Computed.
 *
 * @param tasks what is asked about each window
 */
export const voxtralAnalysisSeconds = (tasks: number): Range =>
  both((assumed) => {
    const prompts = (3600 / WINDOW_SECONDS) * tasks;
    const written = assumed.answerTokens * tokenSeconds(assumed);
    return prompts * (promptSeconds(WINDOW_SECONDS / PIECE_SECONDS, assumed) + written);
  });

import figures from './model-figures.json';

/** A graphics card of EC2, with the memory that the driver shows, in MiB (`nvidia-smi` on such machines). */
export interface Card {
  readonly name: string;
  readonly mebibytes: number;
  /** Families of machine types that have it, one to a machine in the small sizes. */
  readonly families: string[];
}

export const CARDS: Card[] = [
  { name: 'T4', mebibytes: 15_360, families: ['g4dn'] },
  { name: 'L4', mebibytes: 23_034, families: ['g6'] },
  { name: 'A10G', mebibytes: 23_028, families: ['g5'] },
];

/** The card of a machine type such as `g4dn.xlarge`; undefined for a family that is not known here. */
export const cardOf = (instanceType: string): Card | undefined =>
  CARDS.find(({ families }) => families.includes(instanceType.split('.')[0]!));

export type WhisperModel = keyof typeof figures.whisper;
export type Quantization = 'none' | 'nf4';

/** A part of what a process holds on the card, in bytes, and whether it was counted or estimated. */
export interface Part {
  readonly what: string;
  readonly bytes: number;
  readonly known: 'counted' | 'estimated' | 'reported';
}

const MIB = 2 ** 20;
const HALF = 2;
const SINGLE = 4;
/** Positions of Whisper's encoder for 30 s of sound. */
const ENCODER_POSITIONS = 1500;
/** Context of Whisper's decoder, in tokens. */
const DECODER_POSITIONS = 448;
/** WhisperX's batch on a GPU (`_BATCH` in the whisper service) and its beams. */
const WHISPER_BATCH = 16;
const WHISPER_BEAMS = 5;
/** Voxtral's longest window, in pieces of 30 s (`LONGEST_WINDOW_SECONDS` in the Voxtral service). */
const WINDOW_PIECES = 20;
const SPECTROGRAM_FRAMES = 3000;
/** Tokens that are kept for a prompt's words (`TEXT_TOKENS`), and for an answer and a second one (`ANSWER_TOKENS`). */
const TEXT_TOKENS = 2048;
const ANSWERS_TOKENS = 2 * 1536;
/** What else a batch may take (`RESERVE_BYTES`): workspaces, weights taken out of 4 bits, holes. */
const RESERVE = 512 * MIB;
/** Bytes a parameter in 4 bits: half of one, and a single-precision factor for each block of 64. */
const NF4_BYTES = 0.5 + SINGLE / 64;

/** What every process takes before its first model: the CUDA context, and the kernels of cuBLAS and cuDNN. */
const context = (): Part => ({ what: 'CUDA context and libraries', bytes: 450 * MIB, known: 'estimated' });

/**
 * What the whisper service holds: ctranslate2's model with `int8_float16` weights, the aligner and the diarizer.
 *
 * The working memory is that of a full batch: the encoder's attention scores, or the keys and values of all
 * beams, whichever is more, since the one is freed before the other is made.
 */
export function whisperParts(model: WhisperModel): Part[] {
  const { parameters, hidden, heads, decoderLayers } = figures.whisper[model];
  const scores = WHISPER_BATCH * heads * ENCODER_POSITIONS ** 2 * HALF;
  const perPosition = decoderLayers * 2 * hidden * HALF;
  const keysAndValues = WHISPER_BATCH * perPosition * (WHISPER_BEAMS * DECODER_POSITIONS + ENCODER_POSITIONS);
  return [
    context(),
    { what: `Whisper ${model}, int8`, bytes: parameters, known: 'counted' },
    { what: `batch of ${WHISPER_BATCH}`, bytes: Math.max(scores, keysAndValues), known: 'counted' },
    {
      what: 'aligner, single precision',
      bytes: figures.aligner.parameters * SINGLE,
      known: 'counted',
    },
    // Public figures for alignment and diarization on GPUs: 0.4–1.3 GB with the weights, and about 1.6 GB.
    { what: 'alignment of 30 s', bytes: 600 * MIB, known: 'reported' },
    { what: 'diarization (pyannote)', bytes: 1600 * MIB, known: 'reported' },
  ];
}

/**
 * What Voxtral holds for one window of ten minutes. Half precision; with `nf4` the text model's blocks have 4 bits.
 *
 * The service decides by the same formula how much it listens to at once: `prompt_parts` in its `memory_budget.py`, where the
 * reasons stand. Both are held to `test/fixtures/gpu-memory.json`.
 */
export function voxtralParts(quantization: Quantization): Part[] {
  const { audioTower, projector, embedding, head, blocks } = figures.voxtral;
  const whole = (audioTower + projector + embedding + head) * HALF;
  const read = WINDOW_PIECES * pieceTokens + TEXT_TOKENS;
  return [
    context(),
    {
      what: quantization === 'nf4' ? 'Voxtral-Mini-3B, nf4' : 'Voxtral-Mini-3B, float16',
      bytes: whole + blocks * (quantization === 'nf4' ? NF4_BYTES : HALF),
      known: 'counted',
    },
    {
      what: `keys and values of ${read + ANSWERS_TOKENS} tokens`,
      bytes: (read + ANSWERS_TOKENS) * cachedTokenBytes,
      known: 'counted',
    },
    { what: 'one window’s activations', bytes: Math.max(hearing, reading(read)), known: 'counted' },
    { what: 'choosing a token', bytes: logits, known: 'counted' },
    { what: 'reserve', bytes: RESERVE, known: 'estimated' },
  ];
}

const { voxtral } = figures;

/** Tokens of 30 s of sound: the projector joins as many positions into one as fit into the feed-forward's width. */
const pieceTokens = (voxtral.audioPositions * voxtral.audioWidth) / voxtral.audioFeedForward;

/** Keys and values of one token in all layers, and in one layer once more: it is copied while it grows. */
const cachedTokenBytes = (voxtral.layers + 1) * 2 * voxtral.keyValueHeads * voxtral.headSize * HALF;

/** What the encoder needs at once for all pieces of a window, and their spectrograms. */
const hearing =
  WINDOW_PIECES *
  (voxtral.audioPositions * 2 * (voxtral.audioWidth + voxtral.audioFeedForward) * HALF +
    SPECTROGRAM_FRAMES * voxtral.melBins * SINGLE);

/** What a layer of the text model needs for a prompt of so many tokens, and the mask of a padded batch. */
const reading = (tokens: number) =>
  tokens * (3 * voxtral.feedForward + 5 * voxtral.width) * HALF + tokens ** 2 * (1 + HALF);

/** The odds of all tokens, sorted, as shares and their sums, with their places. */
const logits = voxtral.vocabulary * (HALF + 4 * SINGLE + 8);

/** What a process needs, in whole MiB. */
export const needed = (parts: Part[]): number =>
  Math.ceil(parts.reduce((sum, { bytes }) => sum + bytes, 0) / MIB);

import figures from '../../core/models/model-figures.json';

/** A GPU of EC2 machines. */
export interface Card {
  readonly name: string;
  /**
   * Memory in MiB that processes can have, and 97 % of what `nvidia-smi` reports (15360, 23034 and
   * 23028): the driver and its error correction keep the rest. torch has about 14,910 MiB on a T4. The
   * other two were derived with the same share. A service reports what its GPU has in `/health`.
   */
  readonly mebibytes: number;
  /** Families of machine types with this GPU; the small sizes have one. */
  readonly families: string[];
}

export const CARDS: Card[] = [
  { name: 'T4', mebibytes: 14_899, families: ['g4dn'] },
  { name: 'L4', mebibytes: 22_342, families: ['g6'] },
  { name: 'A10G', mebibytes: 22_337, families: ['g5'] },
];

/** The GPU of a machine type such as `g4dn.xlarge`; undefined for an unknown family. */
export const cardOf = (instanceType: string): Card | undefined =>
  CARDS.find(({ families }) => families.includes(instanceType.split('.')[0]!));

export type WhisperModel = keyof typeof figures.whisper;
export type EmbeddingModel = keyof typeof figures.embedding;
export type Quantization = 'none' | 'nf4';

/** A part of a process's GPU memory in bytes, and whether it was counted, estimated or reported. */
export interface Part {
  readonly what: string;
  readonly bytes: number;
  readonly known: 'counted' | 'estimated' | 'reported';
}

const MIB = 2 ** 20;
const HALF = 2;
const SINGLE = 4;
/** Positions of Whisper's encoder for 30 s of audio. */
const ENCODER_POSITIONS = 1500;
/** Context of Whisper's decoder, in tokens. */
const DECODER_POSITIONS = 448;
/** WhisperX's batch size on a GPU (`_BATCH` in the whisper service) and number of beams. */
const WHISPER_BATCH = 16;
const WHISPER_BEAMS = 5;
/**
 * Voxtral's longest window, in pieces of 30 s (`LONGEST_WINDOW_SECONDS` in the Voxtral service).
 */
const WINDOW_PIECES = 20;
const SPECTROGRAM_FRAMES = 3000;
/**
 * Tokens reserved for a prompt's text (`TEXT_TOKENS`), and for two answers (`ANSWER_TOKENS` each).
 */
const TEXT_TOKENS = 2048;
const ANSWERS_TOKENS = 2 * 1536;
/** Reserve for a batch (`RESERVE_BYTES`): workspaces, dequantized weights, fragmentation. */
const RESERVE = 512 * MIB;
/** Bytes per parameter in 4 bits: half a byte, and a single-precision factor per block of 64. */
const NF4_BYTES = 0.5 + SINGLE / 64;

/**
 * Memory of every process before its first model: CUDA context, and kernels of cuBLAS and cuDNN.
 */
const context = (): Part => ({ what: 'CUDA context and libraries', bytes: 450 * MIB, known: 'estimated' });

/**
 * GPU memory of the whisper service: ctranslate2's model with `int8_float16` weights, the aligner
 * and the diarizer.
 *
 * A full batch needs the larger of the encoder's attention scores and the keys and values of all
 * beams, because the scores are freed before the keys and values are allocated.
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
    // Published figures on GPUs: alignment 0.4–1.3 GB with the weights, diarization about 1.6 GB.
    { what: 'alignment of 30 s', bytes: 600 * MIB, known: 'reported' },
    { what: 'diarization (pyannote)', bytes: 1600 * MIB, known: 'reported' },
  ];
}

/**
 * GPU memory of Voxtral for one window of ten minutes, in half precision. With `nf4` the blocks of
 * the text model have 4 bits.
 *
 * The service uses the same formula to choose the length of a window: see `prompt_parts` in its
 * `memory_budget.py` for the reasons. `test/fixtures/gpu-memory.json` tests both.
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

/**
 * Tokens of 30 s of audio: the projector joins positions up to the width of the feed-forward layer.
 */
const pieceTokens = (voxtral.audioPositions * voxtral.audioWidth) / voxtral.audioFeedForward;

/**
 * Keys and values of one token in all layers, plus one layer that is copied for prompts that share it.
 */
const cachedTokenBytes = (voxtral.layers + 1) * 2 * voxtral.keyValueHeads * voxtral.headSize * HALF;

/** Memory of the encoder for all pieces of a window, with their spectrograms. */
const hearing =
  WINDOW_PIECES *
  (voxtral.audioPositions * 2 * (voxtral.audioWidth + voxtral.audioFeedForward) * HALF +
    SPECTROGRAM_FRAMES * voxtral.melBins * SINGLE);

/**
 * Memory of a text model layer for a prompt of this many tokens, with the mask of a padded batch.
 */
const reading = (tokens: number) =>
  tokens * (3 * voxtral.feedForward + 5 * voxtral.width) * HALF + tokens ** 2 * (1 + HALF);

/** Logits of all tokens, sorted, with probabilities, cumulative sums and indices. */
const logits = voxtral.vocabulary * (HALF + 4 * SINGLE + 8);

/** Tokens of a batch of the embeddings service on a GPU, padding included. */
const EMBEDDING_BATCH_TOKENS = figures.embeddingBatchTokens;

/**
 * GPU memory of the embeddings service while it computes a batch of the longest texts.
 *
 * A layer needs the larger of its attention (scores, their softmax and the position bias, with
 * queries, keys, values and outputs) and its feed-forward network before and after the activation.
 */
export function embeddingParts(model: EmbeddingModel, precision: 'float32' | 'float16'): Part[] {
  const { parameters, hidden, heads, headSize, feedForward, tokens } = figures.embedding[model];
  const size = precision === 'float16' ? HALF : SINGLE;
  const scores = heads * tokens;
  const attention = 3 * scores + 4 * heads * headSize;
  const layer = Math.max(attention, scores + 2 * feedForward) + 2 * hidden;
  return [
    context(),
    { what: `${model}, ${precision}`, bytes: parameters * size, known: 'counted' },
    {
      what: `batch of ${EMBEDDING_BATCH_TOKENS} tokens`,
      bytes: EMBEDDING_BATCH_TOKENS * layer * size,
      known: 'counted',
    },
    { what: 'reserve', bytes: RESERVE, known: 'estimated' },
  ];
}

/** Seconds of the longest piece that Kokoro speaks at once: 510 phonemes. */
const KOKORO_SECONDS = 40;
/** Tensors of a vocoder's last stage that exist at the same time: inputs, outputs and sums. */
const STAGE_TENSORS = 6;
/** Workspaces of cuDNN's convolutions, and blocks that the allocator keeps. */
const vocoderReserve = (): Part => ({
  what: 'workspaces of cuDNN, and fragmentation',
  bytes: RESERVE,
  known: 'estimated',
});

/**
 * GPU memory of the speech service with Kokoro, in single precision, while it speaks the longest
 * piece. The vocoder's last stage is the largest: it has a position for each few samples.
 */
export function kokoroParts(): Part[] {
  const { weightBytes, stageChannels, samplesPerStage, sampleRate } = figures.speech['kokoro-82m'];
  const positions = (KOKORO_SECONDS * sampleRate) / samplesPerStage;
  return [
    context(),
    { what: 'Kokoro-82M, single precision', bytes: weightBytes, known: 'counted' },
    {
      what: `vocoder of ${KOKORO_SECONDS} s`,
      bytes: STAGE_TENSORS * positions * stageChannels * SINGLE,
      known: 'estimated',
    },
    vocoderReserve(),
  ];
}

/** GPU memory of the speech service with XTTS v2, in single precision, while it speaks a piece. */
export function xttsParts(): Part[] {
  const { parameters, layers, width, positions, stageChannels, samplesPerToken, audioTokens } =
    figures.speech['xtts-v2'];
  return [
    context(),
    // The publisher's figure. Its file of 1.9 GB agrees with it.
    { what: 'XTTS v2, single precision', bytes: parameters * SINGLE, known: 'reported' },
    {
      what: `keys and values of ${positions} positions`,
      // One layer is copied while the cache grows.
      bytes: positions * (layers + 1) * 2 * width * SINGLE,
      known: 'counted',
    },
    {
      what: `vocoder of ${audioTokens} tokens`,
      bytes: STAGE_TENSORS * audioTokens * samplesPerToken * stageChannels * SINGLE,
      known: 'estimated',
    },
    vocoderReserve(),
  ];
}

/** Memory that a process needs, rounded up to MiB. */
export const needed = (parts: Part[]): number =>
  Math.ceil(parts.reduce((sum, { bytes }) => sum + bytes, 0) / MIB);

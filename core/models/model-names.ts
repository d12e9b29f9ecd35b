/** OpenAI's name of its diarization model: it enables diarization. */
export const DIARIZING = 'gpt-4o-transcribe-diarize';

/** OpenAI's model whose answers list the detected languages. */
export const LANGUAGE_TELLING = 'gpt-transcribe';

/** Names that stand for any deployed model. Twin of `model_names.py` in the whisper service. */
export const MODEL_ALIASES = [
  'whisper-1',
  'gpt-transcribe',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  DIARIZING,
] as const;

/** Which names mean the deployed model. */
export interface ModelNames {
  /** Names that stand for any deployed model. */
  aliases: readonly string[];
  /** Whether a name means the deployed model. */
  means: (name: string, deployed: string | undefined) => boolean;
}

/**
 * Prefixes and suffixes that publishers add to a size: openai/whisper-large-v3,
 * Systran/faster-whisper-medium, x/…-turbo-ct2.
 */
const PUBLISHED = /^(?:[\w.-]+\/)?(?:faster[-_])?(?:whisper[-_])?(.+?)(?:-ct2)?$/;
/** Most characters of a model's name. */
export const MOST_MODEL_NAME = 256;

/**
 * The path of a model at a service; undefined if it is not a valid name, or would lead to
 * another path.
 */
export function modelPath(name: string): string | undefined {
  if (!name.isWellFormed() || name.length > MOST_MODEL_NAME || /^\.*$/.test(name)) return undefined;
  return `/v1/models/${encodeURIComponent(name)}`;
}

/** Whether a name means the deployed model. */
export function meansModel(name: string, deployed: string | undefined): boolean {
  if (MODEL_ALIASES.some((alias) => alias === name)) return true;
  return deployed !== undefined && name.length <= MOST_MODEL_NAME && sizeOf(name) === sizeOf(deployed);
}

/** Names of a task's models: those of OpenAI, and the deployed one, which a publisher's name may precede. */
export const namesOf = (aliases: readonly string[]): ModelNames => ({
  aliases,
  means: (name, deployed) => {
    if (name.length > MOST_MODEL_NAME) return false;
    const wanted = name.toLowerCase();
    return aliases.includes(wanted) || wanted.split('/').at(-1) === deployed?.toLowerCase();
  },
});

/** Names of models of transcriptions. */
export const TRANSCRIPTION_MODELS: ModelNames = { aliases: MODEL_ALIASES, means: meansModel };

function sizeOf(name: string): string {
  const size = PUBLISHED.exec(name.toLowerCase())?.[1] ?? name.toLowerCase();
  // OpenAI derived turbo from large-v3.
  return size === 'turbo' ? 'large-v3-turbo' : size;
}

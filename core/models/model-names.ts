/** OpenAI's name of the model that tells speakers apart: it turns diarization on. */
export const DIARIZING = 'gpt-4o-transcribe-diarize';

/** The model of OpenAI's whose answers say which languages were heard. */
export const LANGUAGE_TELLING = 'gpt-transcribe';

/** Names under which every model is known. Twin of `model_names.py` in the whisper service. */
export const MODEL_ALIASES = [
  'whisper-1',
  'gpt-transcribe',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  DIARIZING,
] as const;

/** What publishers put around a size: openai/whisper-large-v3, Systran/faster-whisper-medium, x/…-turbo-ct2. */
const PUBLISHED = /^(?:[\w.-]+\/)?(?:faster[-_])?(?:whisper[-_])?(.+?)(?:-ct2)?$/;
/** Characters. */
export const MOST_MODEL_NAME = 256;

/** The path of a model at a whisper service; undefined for what cannot be a name, and for what would lead to another path. */
export function modelPath(name: string): string | undefined {
  if (!name.isWellFormed() || name.length > MOST_MODEL_NAME || /^\.*$/.test(name)) return undefined;
  return `/v1/models/${encodeURIComponent(name)}`;
}

/** Whether a name means the model that is deployed. */
export function meansModel(name: string, deployed: string | undefined): boolean {
  if (MODEL_ALIASES.some((alias) => alias === name)) return true;
  return deployed !== undefined && name.length <= MOST_MODEL_NAME && sizeOf(name) === sizeOf(deployed);
}

function sizeOf(name: string): string {
  const size = PUBLISHED.exec(name.toLowerCase())?.[1] ?? name.toLowerCase();
  // OpenAI's turbo was cut down from large-v3.
  return size === 'turbo' ? 'large-v3-turbo' : size;
}

/** OpenAI's name of the model that tells speakers apart: it turns diarization on. */
export const DIARIZING = 'gpt-4o-transcribe-diarize';

/** Names under which every model is known. Twin of `model_names.py` in the whisper service. */
export const MODEL_ALIASES = [
  'whisper-1',
  'gpt-transcribe',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  DIARIZING,
] as const;

import { namesOf } from './model-names';

/** Names of voice models. Twin of `model_names.py` in the speech service. */
export const SPEECH_MODELS = namesOf(['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts', 'gpt-4o-mini-tts-2025-12-15']);

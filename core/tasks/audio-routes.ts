import type { Route } from '../contract/http';
import { TASKS } from '.';

/** OpenAI's routes for audio. */
export const AUDIO_ROUTES: readonly Route[] = TASKS.transcription.routes ?? [];

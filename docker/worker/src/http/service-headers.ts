import {
  AUDIO_SECONDS_HEADER,
  CHARACTERS_HEADER,
  DEGRADED_HEADER,
  IGNORED_HEADER,
  LEFT_OUT_HEADER,
  TOKENS_HEADER,
  VOICE_HEADER,
} from '../../../../core/contract/http';
import type { Unit } from '../../../../core/contract/names';

/** Headers of a model service's answer with its work, by unit. */
export const MEASURE_HEADER: Readonly<Record<Exclude<Unit, 'item'>, string>> = {
  audio_second: AUDIO_SECONDS_HEADER,
  token: TOKENS_HEADER,
  character: CHARACTERS_HEADER,
};

/** Headers of a model service that callers get, besides those of every answer. */
export const SERVICE_HEADERS: readonly string[] = [
  DEGRADED_HEADER,
  IGNORED_HEADER,
  LEFT_OUT_HEADER,
  VOICE_HEADER,
  ...Object.values(MEASURE_HEADER),
];

import type { Unit } from '../contract/names';
import type { UsageRow } from '../contract/usage';

/** How a unit is counted and shown. */
interface UnitInfo {
  /** Attribute of the daily counter. */
  readonly counter: Exclude<keyof UsageRow, 'id' | 'expires_at'>;
  /** End of the quota headers' names, as in OpenAI's `x-ratelimit-limit-tokens`. */
  readonly header: string;
  /** Name in messages, and how many units it stands for. */
  readonly shown: string;
  readonly shownUnits: number;
  /** Whether the duration of an input tells the work. Otherwise its bytes do. */
  readonly isDuration: boolean;
  /** Typical bytes of an input for each unit. @default - an input is one unit */
  readonly bytesPerUnit?: number;
}

/** The registry of units. */
export const UNIT: Record<Unit, UnitInfo> = {
  audio_second: {
    ...{ counter: 'seconds', header: 'audio-seconds', shown: 'minutes of audio', shownUnits: 60 },
    isDuration: true,
    // 128 kbit/s
    bytesPerUnit: 16_000,
  },
  token: {
    ...{ counter: 'tokens', header: 'tokens', shown: 'tokens', shownUnits: 1 },
    isDuration: false,
    bytesPerUnit: 4,
  },
  character: {
    ...{ counter: 'characters', header: 'characters', shown: 'characters', shownUnits: 1 },
    isDuration: false,
    bytesPerUnit: 1,
  },
  item: { counter: 'items', header: 'items', shown: 'items', shownUnits: 1, isDuration: false },
};

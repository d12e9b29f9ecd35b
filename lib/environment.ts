import { ENV } from '../core/contract/environment';
import type { Settings } from './settings';

// Settings as environment variables.

/** Limits in the units of the environment variables, as text. Fractions become whole numbers. */
export const limits = (settings: Settings) => ({
  maxUploadBytes: String(Math.floor(settings.maxUploadGiB * 2 ** 30)),
  maxAudioSeconds: String(Math.round(settings.maxAudioHours * 3600)),
  uploadExpirySeconds: String(Math.round(settings.uploadExpiryMinutes * 60)),
});

/**
 * How long a machine stays without work, as environment variables.
 *
 * @param inPlace whether callers wait for answers of the machines
 */
export const idleEnvironment = (
  { fleetMode, idleMinutes }: Settings,
  inPlace: boolean,
): Record<string, string> => ({
  ...(fleetMode === 'warm' ? { [ENV.idleRule]: 'recent' } : inPlace && { [ENV.idleRule]: 'requests' }),
  ...(idleMinutes !== undefined && { [ENV.idleSeconds]: String(Math.round(idleMinutes * 60)) }),
});

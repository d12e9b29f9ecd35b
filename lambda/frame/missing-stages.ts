import type { Degradation } from '../../core/contract/values';

/** The stages that are missing in a result, separated by commas. Undefined if it is complete. */
export const missingStages = (degraded: readonly Degradation[]): string | undefined =>
  degraded.length === 0 ? undefined : [...new Set(degraded.map(({ stage }) => stage))].join(', ');

import type { DeployedTasks } from '../../core/contract/tasks';
import { analysisOfAnHour, audioHourCost, timesWhisper } from '../../core/prices/audio-hour';
import { priceOf } from '../../core/prices/prices';
import type { Settings } from '../settings';

/** The machine that the times are computed for. */
const MACHINE = 'g4dn.xlarge';

/**
 * Describes what analyses cost, for the output of synthesis. Undefined for a path without analyses by
 * a model.
 */
export function analysisCost(
  { analysis }: DeployedTasks,
  { voxtralEngine }: Pick<Settings, 'voxtralEngine'>,
): string | undefined {
  if (analysis === undefined || voxtralEngine !== 'voxtral') return undefined;
  const { perHour } = priceOf({ instance_type: MACHINE, capacity: 'spot' });
  const cost = audioHourCost(perHour ?? 0, analysisOfAnHour);
  const times = timesWhisper(analysisOfAnHour);
  const minutes = (seconds: number) => Math.round(seconds / 60);
  return (
    `The analysis of an hour of audio takes ${minutes(analysisOfAnHour.least)} to ${minutes(analysisOfAnHour.most)} minutes ` +
    `of a ${MACHINE} (computed, not measured), which is $${cost.least.toFixed(2)} to $${cost.most.toFixed(2)} on spot and ` +
    `${Math.round(times.least)} to ${Math.round(times.most)} times the cost of its words on path 200. A job without an ` +
    'analysis ("analysis": false, or --no-analysis) does not pay for it. `spotscribe cost` compares the paths.'
  );
}

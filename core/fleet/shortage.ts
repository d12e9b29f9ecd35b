import type { FleetRow } from '../contract/machine';

/** A failed launch, as AWS reports it. */
export type LaunchFailure = NonNullable<FleetRow['launch_failure']>;

/** Why a fleet lacks machines. */
export type Shortage = Pick<FleetRow, 'short_since' | 'launch_failure'>;

/** Shortest time between two questions about failed launches, in milliseconds. */
const ASKS_APART_MS = 60_000;

/** A launch can fail so long before the sizer sees that a machine is missing. In milliseconds. */
const SEEN_LATE_MS = 5 * 60_000;

/** Longest message of AWS that is kept, in characters. */
const LONGEST = 300;

/**
 * What is known of a group that lacks machines; nothing once it is complete.
 *
 * @param now epoch milliseconds
 * @param newestFailure asks AWS: at most once a minute, and only while machines are missing
 */
export async function withShortage(
  now: number,
  { short_since = now, launch_failure, failures_read_at = -Infinity, ...fleet }: FleetRow,
  isGroupShort: boolean,
  newestFailure: () => Promise<LaunchFailure | undefined>,
): Promise<FleetRow> {
  if (!isGroupShort) return fleet;
  const mustAsk = now - failures_read_at >= ASKS_APART_MS;
  const found = mustAsk ? await newestFailure() : undefined;
  const failure = found !== undefined && found.at >= short_since - SEEN_LATE_MS ? found : launch_failure;
  return {
    ...fleet,
    short_since,
    ...(failure !== undefined && { launch_failure: failure }),
    failures_read_at: mustAsk ? now : failures_read_at,
  };
}

/** A message of AWS as plain text on one line, not too long. */
export function plainMessage(text: string): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= LONGEST ? line : `${characters.slice(0, LONGEST - 1).join('')}…`;
}

/** Why jobs wait for a machine, as a sentence; undefined if no launch is known to have failed. */
export function delayOf({ short_since, launch_failure }: Shortage): string | undefined {
  if (short_since === undefined || launch_failure === undefined) return undefined;
  const since = new Date(short_since).toISOString().slice(0, 16).replace('T', ' ');
  return `The fleet has lacked machines since ${since} UTC. AWS says: ${launch_failure.message}`;
}

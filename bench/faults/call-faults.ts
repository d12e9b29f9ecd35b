import type { Random } from '../fleet/random';

/** The services whose calls fail, as signatures name them. */
export const FAULTY_SERVICES = ['dynamodb', 's3', 'sqs'] as const;
export type FaultyService = (typeof FAULTY_SERVICES)[number];

/**
 * What happens to a call. `reset`: the connection is closed before the service has the call.
 * `refused`: 500 or 503. `unanswered`: the service does what it is asked, then the connection is
 * closed without an answer. `delayed`: the service has the call late.
 */
export const CALL_FAULTS = ['reset', 'refused', 'unanswered', 'delayed'] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** Share of the calls of each service that each fault affects. */
const SHARES: Record<CallFault, number> = { reset: 0.02, refused: 0.02, unanswered: 0.03, delayed: 0.05 };

/** Share of received messages that another worker can receive at once, too. */
const REPEATED_SHARE = 0.03;

/** Longest delay of a call, in milliseconds. */
export const LONGEST_DELAY_MS = 2_000;

/** Chooses what happens to a call. Undefined for most: the call is passed on. */
export function chooseFault(random: Random): CallFault | undefined {
  let rest = random();
  return CALL_FAULTS.find((fault) => (rest -= SHARES[fault]) < 0);
}

export const isRepeated = (random: Random): boolean => random() < REPEATED_SHARE;

/** Calls of a service, and how many each fault affected. */
export type CallCounts = Record<CallFault | 'calls', number>;

export const noCalls = (): CallCounts => ({ calls: 0, reset: 0, refused: 0, unanswered: 0, delayed: 0 });

/** Calls that the caller saw fail. */
export const failedCalls = ({ reset, refused, unanswered }: CallCounts): number =>
  reset + refused + unanswered;

/** The service that a request is signed for. Undefined if it is not one whose calls fail. */
export function serviceOf(authorization = ''): FaultyService | undefined {
  const [, service] = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(authorization) ?? [];
  return FAULTY_SERVICES.find((each) => each === service);
}

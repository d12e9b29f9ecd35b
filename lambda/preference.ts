/** How a caller wants to be answered. */
export interface Preference {
  /** Longest time in seconds for an answer in place; 0 is a job at once, without asking a machine. */
  waitSeconds: number;
  /** Whether a job will do. */
  job: boolean;
  /** Whether a job was asked for. */
  async: boolean;
}

/**
 * Reads the header `Prefer` (RFC 7240, sections 4.1 and 4.3): `respond-async` wants a job, at once or after `wait` seconds
 * if both are given; `wait` alone wants an answer in place. What is not understood is ignored, as the RFC has it.
 */
export function preferenceOf(header: string | undefined, longestSeconds: number): Preference {
  const tokens = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => (part.split(';')[0] ?? '').trim());
  const wait = tokens.map((token) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(token)?.[1]).find(Boolean);
  const async = tokens.includes('respond-async');
  const longest = async && wait === undefined ? 0 : longestSeconds;
  return {
    waitSeconds: wait === undefined ? longest : Math.min(Number(wait), longestSeconds),
    job: async || wait === undefined,
    async,
  };
}

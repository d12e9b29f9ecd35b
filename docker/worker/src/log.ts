import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/**
 * The log: a line of JSON each. What audio says, and what names a person, never goes in: jobs appear by their id.
 *
 * @param destination @default - standard output
 */
export const createLog = (destination?: DestinationStream): Log =>
  pino(
    {
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    // Synchronous: the last lines before an exit are the ones that matter.
    destination ?? pino.destination({ sync: true }),
  );

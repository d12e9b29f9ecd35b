import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/**
 * Creates the log, with one line of JSON per entry. It must not contain transcripts, names or other
 * personal data. Jobs are identified by their id.
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
    // Synchronous, so that the last lines before an exit are written.
    destination ?? pino.destination({ sync: true }),
  );

import { SpotscribeError } from '../../../../core/contract/errors';
import type { ErrorCode } from '../../../../core/contract/names';
import type { ResumableRun } from './resumable';

/** What decides whether work starts again. */
interface Earlier<C> {
  /** What earlier attempts did. @default - nothing */
  checkpoint: C | undefined;
  /** Codes of errors that may be caused by the checkpoint. */
  refusals: readonly ErrorCode[];
  /** Whether this attempt has done something. Then the checkpoint was accepted. @default - not known */
  hasAdvanced?: () => boolean;
}

/**
 * Continues the work of earlier attempts. If their checkpoint is refused, the work starts again
 * without it.
 */
export async function continued<C, R>(
  { row, log }: Pick<ResumableRun, 'row' | 'log'>,
  { checkpoint, refusals, hasAdvanced = () => false }: Earlier<C>,
  work: (checkpoint: C | undefined) => Promise<R>,
): Promise<R> {
  try {
    return await work(checkpoint);
  } catch (error) {
    const refused = error instanceof SpotscribeError && refusals.includes(error.code) && !hasAdvanced();
    if (!refused || checkpoint === undefined) throw error;
    log.warn({ job: row.id, err: error }, 'checkpoint refused: starting again');
    return work(undefined);
  }
}

import { createHash } from 'node:crypto';
import type { WantedModel } from './model-layout';

/** Names of marks begin with this. No model has such a name. */
export const MARK_PREFIX = '.ready-';

/** Name of the file that says that these models, and no others, are on the machine. */
export function modelsMark(models: readonly WantedModel[]): string {
  const wanted = JSON.stringify(models.map(({ name, revision, required }) => [name, revision, required]));
  return `${MARK_PREFIX}${createHash('sha256').update(wanted).digest('hex').slice(0, 10)}`;
}

import { shown } from '../../core/contract/text';
import { Refusal } from '../frame/refusal';

/**
 * The value of a query parameter.
 *
 * @throws Refusal (400) if it is not allowed
 */
export function oneOf<T extends string>(param: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  const message = `"${param}" must be one of ${allowed.join(', ')}; got ${shown(value)}`;
  throw new Refusal(400, 'invalid_request', message, { param });
}

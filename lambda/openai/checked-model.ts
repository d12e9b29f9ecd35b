import { shown } from '../../core/contract/text';
import type { ModelNames } from '../../core/models/model-names';
import { Refusal } from '../frame/refusal';
import type { Unsupported } from './task-request';

/**
 * Checks the field `model` of a request.
 *
 * @param deployed name of the deployed model. @default - unknown: the service checks the name
 * @returns the field, if only the service can tell whether the name means its model
 * @throws Refusal (404) for another model than the deployed one
 */
export function checkedModel(
  name: string,
  deployed: string | undefined,
  { aliases, means }: ModelNames,
): Unsupported[] {
  if (means(name, deployed)) return [];
  if (deployed === undefined) return [{ param: 'model', reason: 'jobs use the deployed model' }];
  const others = aliases.join(', ');
  const message = `The model ${shown(name)} is not deployed: send ${shown(deployed)}, or one of its other names ${others}`;
  throw new Refusal(404, 'model_not_found', message, { param: 'model' });
}

import { askMachine } from './ask-machine';
import { MAX_ANSWER_BYTES } from '../frame/fitted';
import { json, Refusal, type Response } from '../frame/refusal';
import type { Request } from '../frame/caller';
import { passedOn } from './answered-in-place';
import { type ModelNames, modelPath } from '../../core/models/model-names';
import { shown } from '../../core/contract/text';

/** Clients request models at startup and do not wait long. */
const MODELS_SECONDS = 3;

/** What is known about models while no machine is running. */
export interface Models {
  /** Base URL of the load balancer in front of the machines. */
  machinesUrl: string;
  /** Name of the deployed model. @default - unknown: only its aliases are listed */
  model?: string;
}

/** Whether a request is for models. */
export const isModels = ({ rawPath, pathParameters }: Request): boolean =>
  rawPath.endsWith('/models') || pathParameters?.id !== undefined;

/**
 * Answers `GET /v1/models` and `GET /v1/models/{id}`, from a machine if one is running.
 *
 * @throws Refusal (404) for an unknown name
 */
export function modelsAnswer(
  { pathParameters }: Request,
  models: Models,
  names: ModelNames,
): Promise<Response> {
  const name = pathParameters?.id;
  return name === undefined ? allModels(models, names) : oneModel(name, models, names);
}

/** The models that machines list. If none is running: the deployed model and its aliases. */
async function allModels({ machinesUrl, model }: Models, { aliases }: ModelNames): Promise<Response> {
  const answer = await modelAnswer('/v1/models', machinesUrl);
  if (answer !== undefined) return answer;
  const names = [...new Set([...(model === undefined ? [] : [model]), ...aliases])];
  return json(200, { object: 'list', data: names.map(modelView) });
}

/** @throws Refusal (404) for an unknown name */
async function oneModel(
  name: string,
  { machinesUrl, model }: Models,
  { means }: ModelNames,
): Promise<Response> {
  const path = modelPath(name);
  const answer = path === undefined ? undefined : await modelAnswer(path, machinesUrl);
  if (answer !== undefined) return answer;
  if (means(name, model)) return json(200, modelView(name));
  const message = `The model ${shown(name)} is not deployed. GET /v1/models lists the deployed models`;
  throw new Refusal(404, 'model_not_found', message, { param: 'model' });
}

async function modelAnswer(path: string, machinesUrl: string): Promise<Response | undefined> {
  const limits = { milliseconds: MODELS_SECONDS * 1000, bytes: MAX_ANSWER_BYTES };
  const asked = await askMachine(machinesUrl, { path }, limits);
  return asked.outcome === 'answered' ? passedOn(asked.answer) : undefined;
}

/** `created` is 0, because no model is loaded yet. */
const modelView = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'spotscribe' });

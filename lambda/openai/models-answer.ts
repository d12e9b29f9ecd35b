import { askMachine } from './ask-machine';
import { MAX_ANSWER_BYTES } from '../frame/fitted';
import { json, Refusal, type Response } from '../frame/refusal';
import type { Request } from '../frame/caller';
import { passedOn } from './answered-in-place';
import { meansModel, MODEL_ALIASES, modelPath } from '../../core/models/model-names';
import { shown } from '../../core/contract/text';

/** Clients ask for models at their start, and do not wait long. */
const MODELS_SECONDS = 3;

/** What is known of models without a machine. */
export interface Models {
  /** Base URL of the load balancer in front of the machines. */
  machinesUrl: string;
  /** Name of the model that is deployed. @default - not known: only its aliases are */
  model?: string;
}

/**
 * `GET /v1/models` and `GET /v1/models/{id}`, from a machine if one is awake.
 *
 * @throws Refusal (404) for a name that means another model, or none
 */
export function modelsAnswer({ pathParameters }: Request, models: Models): Promise<Response> {
  const name = pathParameters?.id;
  return name === undefined ? allModels(models) : oneModel(name, models);
}

/** The models that machines know; without a machine, the names under which any of them is known. */
async function allModels({ machinesUrl, model }: Models): Promise<Response> {
  const answer = await modelAnswer('/v1/models', machinesUrl);
  if (answer !== undefined) return answer;
  const names = [...new Set([...(model === undefined ? [] : [model]), ...MODEL_ALIASES])];
  return json(200, { object: 'list', data: names.map(modelView) });
}

/** @throws Refusal (404) for a name that means another model, or none */
async function oneModel(name: string, { machinesUrl, model }: Models): Promise<Response> {
  const path = modelPath(name);
  const answer = path === undefined ? undefined : await modelAnswer(path, machinesUrl);
  if (answer !== undefined) return answer;
  if (meansModel(name, model)) return json(200, modelView(name));
  const message = `The model ${shown(name)} is not deployed here: GET /v1/models lists those that are`;
  throw new Refusal(404, 'model_not_found', message, { param: 'model' });
}

async function modelAnswer(path: string, machinesUrl: string): Promise<Response | undefined> {
  const limits = { milliseconds: MODELS_SECONDS * 1000, bytes: MAX_ANSWER_BYTES };
  const asked = await askMachine(machinesUrl, { path }, limits);
  return asked.outcome === 'answered' ? passedOn(asked.answer) : undefined;
}

/** When the model was loaded is not known before one is. */
const modelView = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'spotscribe' });

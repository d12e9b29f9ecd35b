import { LambdaClient } from '@aws-sdk/client-lambda';
import type { WarmRow } from '../../core/contract/machine';
import { shown } from '../../core/contract/text';
import { WarmRequest, type WarmView } from '../../core/contract/warm';
import { warmMachines, type WarmSettings } from '../../core/fleet/warm-hours';
import { requestedMachines, WARM_TIME, WarmRequests, warmSeconds } from '../../core/fleet/warm-request';
import { JobStore } from '../../core/jobs/job-store';
import { warmPrice } from '../../core/prices/warm';
import { caller, type Request } from '../frame/caller';
import { documentClient } from '../frame/document-client';
import { httpHandler } from '../frame/http';
import { jsonBody } from '../frame/json-body';
import { json, Refusal, type Response } from '../frame/refusal';
import { env, envNumber, optionalEnv, type Tools } from '../frame/runtime';
import { validBody } from '../frame/valid-body';
import { wakeFleet } from '../intake/send-job';
import { warmSettings } from './warm-settings';

export interface Dependencies {
  store: Pick<JobStore, 'usage'>;
  requests: Pick<WarmRequests, 'find' | 'set' | 'remove'>;
  lambda: LambdaClient;
  sizeFleetFunction: string;
  path: string;
  maxMachines: number;
  /** Tenants whose keys may keep machines warm. */
  tenants: readonly string[];
  /** The machines that the settings keep warm. */
  warm: WarmSettings;
  machineType: string;
}

/**
 * `POST`, `GET` and `DELETE /v1/fleet/warm`: keeps machines running without work for a while, shows
 * what is set, and ends it. A machine that is no longer kept warm terminates itself when it is idle.
 */
export const handler = httpHandler((): Dependencies => {
  const documents = documentClient();
  const table = env('jobsTable');
  return {
    store: new JobStore(documents, table),
    requests: new WarmRequests(documents, table),
    lambda: new LambdaClient(),
    sizeFleetFunction: env('sizeFleetFunction'),
    path: env('path'),
    maxMachines: envNumber('maxMachines'),
    tenants: optionalEnv('warmTenants')?.split(',') ?? [],
    warm: warmSettings(),
    machineType: env('machineType'),
  };
}, warmFleet);

export async function warmFleet(
  request: Request,
  dependencies: Dependencies,
  tools: Tools,
): Promise<Response> {
  const { requests } = dependencies;
  const { method } = request.requestContext.http;
  if (method === 'GET') return json(200, view(await requests.find(), dependencies));
  const { tenant, key_id } = checkAllowed(request, dependencies);
  if (method === 'DELETE') {
    await requests.remove();
    tools.logger.info('no longer keeping machines warm', { tenant, key_id });
    await wake(dependencies, tools);
    return json(200, view(undefined, dependencies));
  }
  const { machines, seconds } = wanted(request, dependencies);
  const row = await requests.set(machines, Date.now() + seconds * 1000);
  tools.logger.info('keeping machines warm', { tenant, key_id, machines, seconds });
  await wake(dependencies, tools);
  return json(200, view(row, dependencies));
}

/** @throws Refusal (403) if the caller's tenant may not keep machines warm, because they cost money */
function checkAllowed(request: Request, { tenants, path }: Dependencies) {
  const found = caller(request);
  if (tenants.includes(found.tenant)) return found;
  // Without the tenants that are allowed: their names are nothing for another tenant.
  throw new Refusal(
    403,
    'forbidden',
    `Keys of tenant ${shown(found.tenant)} may not keep machines warm. To allow it, the owner of the deployment adds the ` +
      `tenant to the list in the setting "warmByApi" and deploys Spotscribe-${path} again`,
  );
}

/** @throws Refusal (400) with the field, its limit and the cure */
function wanted(request: Request, { maxMachines }: Dependencies): { machines: number; seconds: number } {
  const { machines = 1, for: time = '30m' } = validBody(WarmRequest, jsonBody(request));
  if (machines > maxMachines) {
    throw new Refusal(
      400,
      'invalid_request',
      `"machines" must be at most the setting "maxMachines" (${maxMachines}); got ${machines}. ` +
        'Ask for fewer, or raise the setting and deploy the path again',
      { param: 'machines' },
    );
  }
  const seconds = warmSeconds(time);
  if (seconds !== undefined) return { machines, seconds };
  throw new Refusal(400, 'invalid_request', `"for" must be ${WARM_TIME}; got ${shown(time)}`, {
    param: 'for',
  });
}

/** Sizes the fleet at once. If that fails, the schedule does it within a minute. */
async function wake(dependencies: Dependencies, { logger }: Tools): Promise<void> {
  try {
    await wakeFleet(dependencies);
  } catch (error) {
    logger.warn('cannot start the sizing of the fleet', error as Error);
  }
}

function view(row: WarmRow | undefined, { warm, maxMachines, machineType }: Dependencies): WarmView {
  const now = new Date();
  const machines = requestedMachines(row, { maxMachines, now: now.getTime() });
  const until = row !== undefined && machines > 0 ? new Date(row.until) : undefined;
  const seconds = until === undefined ? 0 : (until.getTime() - now.getTime()) / 1000;
  return {
    object: 'fleet.warm',
    machines,
    until: until?.toISOString() ?? null,
    scheduled_machines: warmMachines(warm, now),
    ...warmPrice(machineType, machines, seconds),
  };
}

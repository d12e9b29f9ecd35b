import type { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { type BuildClients, type BuildState, buildState, stateOf } from './build-state';
import type { BuildRequest } from '../../core/images/build-request';
import { buildsOf, isRunning, NotStarted, startBuild } from './codebuild';
import { isOverload } from '../frame/overload';

/** CloudFormation waits an hour for a resource, and then fails without a reason. */
const PATIENCE_MS = 57 * 60_000;

/**
 * The first handler's answer, which the second handler receives in each of its calls. All fields
 * are optional, because an event may come from a handler of an earlier version.
 */
export interface AskedBuild {
  /** When the deployment requested the build, in ISO 8601. */
  RequestedAt?: string;
  /**
   * The build that was started or joined. Undefined if no build is needed, or it could not be
   * started yet.
   */
  BuildId?: string;
  /**
   * Id of the latest earlier build with the same key, or ''. Later builds belong to this
   * deployment.
   */
  After?: string;
}

/**
 * The awaited result does not exist yet. The message tells the user the reason if the time runs
 * out.
 */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

/**
 * Starts a build, or joins a running build with the same key. If CodeBuild cannot start it now,
 * `followBuild` does so later.
 */
export async function askForBuild(codebuild: CodeBuildClient, request: BuildRequest): Promise<AskedBuild> {
  const RequestedAt = new Date().toISOString();
  let After: string | undefined;
  try {
    const earlier = await buildsOf(codebuild, request);
    const running = earlier.find(isRunning)?.id;
    if (running !== undefined) return { RequestedAt, BuildId: running };
    After = earlier[0]?.id ?? '';
    return { RequestedAt, BuildId: await startBuild(codebuild, request, earlier[0]?.id) };
  } catch (error) {
    if (!(error instanceof NotStarted) && !isOverload(error)) throw error;
    return { RequestedAt, After };
  }
}

/**
 * The state of the requested build. Starts it if that has not succeeded yet, but only once: a build
 * that an earlier call started is found among the project's builds.
 *
 * @throws NotYet while it cannot be started
 */
export async function followBuild(
  clients: BuildClients,
  asked: AskedBuild,
  request: BuildRequest,
): Promise<BuildState> {
  if (asked.BuildId !== undefined) return buildState(clients, asked.BuildId);
  const builds = await buildsOf(clients.codebuild, request);
  const [own] = builds.filter(
    belongsToDeployment(
      asked,
      builds.findIndex(({ id }) => id === asked.After),
    ),
  );
  if (own !== undefined) return stateOf(clients, own);
  try {
    const id = await startBuild(clients.codebuild, request, builds[0]?.id);
    return { state: 'running', text: `The build ${id} was just started` };
  } catch (error) {
    throw error instanceof NotStarted ? new NotYet(error.message) : error;
  }
}

/**
 * Selects the builds of this deployment from a list with the newest first: those before the index
 * `after`, and any running one.
 */
const belongsToDeployment =
  ({ After, RequestedAt }: AskedBuild, after: number) =>
  (build: Parameters<typeof isRunning>[0], index: number): boolean => {
    if (isRunning(build)) return true;
    if (After !== undefined) return after === -1 || index < after;
    // CodeBuild did not respond when the deployment requested the build.
    return RequestedAt !== undefined && Number(build.startTime ?? 0) >= Date.parse(RequestedAt);
  };

/**
 * Looks for an awaited result. If it does not exist yet, or AWS does not respond, the next call
 * looks again. Shortly before CloudFormation's timeout, the deployment fails with the reason.
 */
export async function untilThere<Found>(
  { RequestedAt = '' }: AskedBuild,
  look: () => Promise<Found>,
): Promise<Found | { IsComplete: false }> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof NotYet) && !isOverload(error)) throw error;
    if (!(Date.now() - Date.parse(RequestedAt) > PATIENCE_MS)) return { IsComplete: false };
    const minutes = PATIENCE_MS / 60_000;
    throw new Error(`After ${minutes} minutes: ${(error as Error).message}`, { cause: error });
  }
}

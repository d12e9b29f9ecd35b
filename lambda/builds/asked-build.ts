import type { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { type BuildClients, type BuildState, buildState, stateOf } from './build-state';
import type { BuildRequest } from '../../core/images/build-request';
import { buildsOf, isRunning, NotStarted, startBuild } from './codebuild';
import { isOverload } from '../frame/overload';

/** CloudFormation waits an hour for a resource, and then gives no reason. */
const PATIENCE_MS = 57 * 60_000;

/**
 * What the first handler of a deployment tells the second one, which is called with the same again and again. All of it is
 * optional: an event may come from the handler of an earlier version.
 */
export interface AskedBuild {
  /** When the deployment asked, in ISO 8601. */
  RequestedAt?: string;
  /** The build that was started or joined. Undefined if there was none to wait for, or it could not be started yet. */
  BuildId?: string;
  /** Id of the latest earlier build of the same, or '': those after it are this deployment's. */
  After?: string;
}

/** What a deployment waits for is not there yet. The message says what to tell its user when the time is up. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

/** Starts a build, or joins one that makes the same, if CodeBuild lets it. Otherwise `followBuild` will. */
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
 * How the build that a deployment has asked for stands. Starts it if that has not succeeded yet, and only once: a build that
 * an earlier call has started is found among the project's.
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
    isSince(
      asked,
      builds.findIndex(({ id }) => id === asked.After),
    ),
  );
  if (own !== undefined) return stateOf(clients, own);
  try {
    const id = await startBuild(clients.codebuild, request, builds[0]?.id);
    return { state: 'running', text: `The build ${id} has just been started` };
  } catch (error) {
    throw error instanceof NotStarted ? new NotYet(error.message) : error;
  }
}

/** Which builds, the newest first, belong to this deployment: those before the one at `after`, and any that runs. */
const isSince =
  ({ After, RequestedAt }: AskedBuild, after: number) =>
  (build: Parameters<typeof isRunning>[0], index: number): boolean => {
    if (isRunning(build)) return true;
    if (After !== undefined) return after === -1 || index < after;
    // CodeBuild did not answer when the deployment asked.
    return RequestedAt !== undefined && Number(build.startTime ?? 0) >= Date.parse(RequestedAt);
  };

/**
 * Looks for what a deployment waits for. What is not there yet, or cannot be asked now, is looked for again, until
 * CloudFormation is about to give up: then the deployment fails with the reason.
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

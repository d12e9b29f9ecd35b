import { createHash } from 'node:crypto';
import {
  BatchGetBuildsCommand,
  type Build,
  type CodeBuildClient,
  ListBuildsForProjectCommand,
  StartBuildCommand,
} from '@aws-sdk/client-codebuild';
import type { BuildRequest } from '../../core/images/build-request';
import { isOverload } from '../frame/overload';

/** The build's variable with its key: two builds with the same key have the same result. */
const BUILD_KEY = 'BUILD_KEY';

/** Most builds that CodeBuild describes in one call. */
const BUILDS = 100;

/** CodeBuild cannot start a build now. The same request may succeed later. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

/**
 * Starts a build.
 *
 * @param latest id of the latest build with the same key: it is part of the idempotency token
 * @returns id of the build
 * @throws NotStarted if the account's quota is used up, AWS throttles, or a role is not usable yet
 */
export async function startBuild(
  codebuild: CodeBuildClient,
  request: BuildRequest,
  latest: string | undefined,
): Promise<string> {
  const { project, key, environment = {}, source } = request;
  const command = new StartBuildCommand({
    projectName: project,
    idempotencyToken: startToken(key, latest),
    environmentVariablesOverride: Object.entries({ ...environment, [BUILD_KEY]: key }).map(
      ([name, value]) => ({ name, value, type: 'PLAINTEXT' }),
    ),
    ...(source !== undefined && { sourceTypeOverride: 'S3', sourceLocationOverride: source }),
  });
  try {
    const { build } = await codebuild.send(command);
    if (build?.id === undefined) throw new Error(`CodeBuild returned no id for the build of ${project}`);
    return build.id;
  } catch (error) {
    throw notStarted(error as Error, request) ?? error;
  }
}

/**
 * For a token seen in the last five minutes, CodeBuild returns the same build. Concurrent requests
 * therefore share one build.
 */
const startToken = (key: string, latestBuild = ''): string =>
  createHash('sha256').update(`${key} after ${latestBuild}`).digest('hex');

/** The project's builds with the same key, the newest first. */
export async function buildsOf(codebuild: CodeBuildClient, { project, key }: BuildRequest): Promise<Build[]> {
  const { ids = [] } = await codebuild.send(
    new ListBuildsForProjectCommand({ projectName: project, sortOrder: 'DESCENDING' }),
  );
  if (ids.length === 0) return [];
  const { builds = [] } = await codebuild.send(new BatchGetBuildsCommand({ ids: ids.slice(0, BUILDS) }));
  return builds
    .filter(({ environment }) =>
      environment?.environmentVariables?.some(({ name, value }) => name === BUILD_KEY && value === key),
    )
    .sort((one, other) => Number(other.startTime ?? 0) - Number(one.startTime ?? 0));
}

export const isRunning = ({ buildStatus }: Build): boolean => buildStatus === 'IN_PROGRESS';

/**
 * The first call that needs a service-linked role may fail while AWS creates the role. A new role
 * also takes time to become visible.
 */
const ROLE_NOT_READY =
  /service[- ]linked role|unable to assume|cannot be assumed|not authorized to perform:? sts:AssumeRole/i;

/** Why a build was not started, for the user of a deployment. Undefined if a retry cannot help. */
function notStarted({ name, message, ...rest }: Error, request: BuildRequest): NotStarted | undefined {
  const prefix = `AWS CodeBuild has not started the build of ${request.project}: `;
  if (name === 'AccountLimitExceededException') {
    // "Cannot have more than 1 builds in queue for the account"
    const limit = /more than (\d+)/.exec(message)?.[1];
    return new NotStarted(
      `${prefix}the account’s quota "Concurrently running builds for ${request.machine} environment" ` +
        `${limit === undefined ? 'is used up' : `is ${limit}`} (${message}). ` +
        'Request a higher quota in Service Quotas, and deploy again. ' +
        'For other options see docs/runbook.md, "CodeBuild starts no build"',
    );
  }
  if (!isOverload({ name, ...rest }) && !ROLE_NOT_READY.test(message)) return undefined;
  return new NotStarted(
    `${prefix}${name}: ${message}. Deploy again. For other options see docs/runbook.md, "CodeBuild starts no build"`,
  );
}

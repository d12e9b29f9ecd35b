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

/** The build's variable that says what it makes: two builds with the same value would make the same. */
const BUILD_KEY = 'BUILD_KEY';

/** The most builds that CodeBuild describes at once. */
const BUILDS = 100;

/** CodeBuild starts no build now. The same request may succeed later. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

/**
 * Starts a build.
 *
 * @param latest id of the latest build that made the same: a build that follows another one has another token
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
    if (build?.id === undefined) throw new Error(`CodeBuild gave the build of ${project} no id`);
    return build.id;
  } catch (error) {
    throw notStarted(error as Error, request) ?? error;
  }
}

/** CodeBuild answers a token that it has seen in the last five minutes with the same build: two that ask at once get one. */
const startToken = (key: string, latestBuild = ''): string =>
  createHash('sha256').update(`${key} after ${latestBuild}`).digest('hex');

/** The project's builds that make the same, the newest first. */
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

/** The first call that needs a service-linked role may fail while AWS creates it, and a new role takes time to be seen. */
const ROLE_NOT_READY =
  /service[- ]linked role|unable to assume|cannot be assumed|not authorized to perform:? sts:AssumeRole/i;

/** Why a build was not started, for the user of a deployment; undefined if it never will be. */
function notStarted({ name, message, ...rest }: Error, request: BuildRequest): NotStarted | undefined {
  const prefix = `AWS CodeBuild has not started the build of ${request.project}: `;
  if (name === 'AccountLimitExceededException') {
    // "Cannot have more than 1 builds in queue for the account"
    const limit = /more than (\d+)/.exec(message)?.[1];
    return new NotStarted(
      `${prefix}the account’s quota "Concurrently running builds for ${request.machine} environment" ` +
        `${limit === undefined ? 'is used up' : `is ${limit}`} (${message}). ` +
        'Ask for a higher one in Service Quotas, and deploy again. ' +
        'What else to do: docs/runbook.md, "CodeBuild starts no build"',
    );
  }
  if (!isOverload({ name, ...rest }) && !ROLE_NOT_READY.test(message)) return undefined;
  return new NotStarted(
    `${prefix}${name}: ${message}. Deploy again. What else to do: docs/runbook.md, "CodeBuild starts no build"`,
  );
}

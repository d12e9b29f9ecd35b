import { createHash } from 'node:crypto';
import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  BatchGetBuildsCommand,
  type Build,
  type CodeBuildClient,
  ListBuildsForProjectCommand,
  StartBuildCommand,
} from '@aws-sdk/client-codebuild';

/** The build's variable that says what it makes: two builds with the same value would make the same. */
export const BUILD_KEY = 'BUILD_KEY';

/** Lines of a failed build's log that are shown, and characters of them: CloudFormation cuts what is longer than 4 KB. */
const LOG_LINES = 15;
const LOG_CHARACTERS = 1500;

/** The most builds that CodeBuild describes at once. */
const BUILDS = 100;

export interface BuildRequest {
  project: string;
  /** What the build makes, such as a content hash. */
  key: string;
  /** Variables of the build, over the project's own. */
  environment?: Record<string, string>;
  /** `<bucket>/<key>` of a zip file with the sources. @default - the project's own source */
  source?: string;
}

/**
 * Starts a build, unless one that makes the same is under way: then it is that one's id.
 *
 * @returns id of the build
 */
export async function buildOnce(codebuild: CodeBuildClient, request: BuildRequest): Promise<string> {
  const earlier = await buildsOf(codebuild, request);
  const running = earlier.find(({ buildStatus }) => buildStatus === 'IN_PROGRESS');
  if (running?.id !== undefined) return running.id;
  const { project, key, environment = {}, source } = request;
  const { build } = await codebuild.send(
    new StartBuildCommand({
      projectName: project,
      idempotencyToken: startToken(key, earlier[0]?.id),
      environmentVariablesOverride: Object.entries({ ...environment, [BUILD_KEY]: key }).map(
        ([name, value]) => ({ name, value, type: 'PLAINTEXT' }),
      ),
      ...(source !== undefined && { sourceTypeOverride: 'S3', sourceLocationOverride: source }),
    }),
  );
  if (build?.id === undefined) throw new Error(`CodeBuild gave the build of ${project} no id`);
  return build.id;
}

/**
 * CodeBuild answers a token that it has seen in the last five minutes with the same build: two that ask at once get one.
 * Who asks after a build has ended gets another.
 */
export const startToken = (key: string, latestBuild = ''): string =>
  createHash('sha256').update(`${key} after ${latestBuild}`).digest('hex');

/** The project's builds that make the same, the newest first. */
async function buildsOf(codebuild: CodeBuildClient, { project, key }: BuildRequest): Promise<Build[]> {
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

/** How a build stands. A failed one says why, for the user of a deployment. */
export type BuildState = { state: 'running' | 'succeeded' } | { state: 'failed'; text: string };

export async function buildState(
  { codebuild, logs }: { codebuild: CodeBuildClient; logs: CloudWatchLogsClient },
  id: string,
): Promise<BuildState> {
  const { builds: [build] = [] } = await codebuild.send(new BatchGetBuildsCommand({ ids: [id] }));
  if (build?.buildStatus === 'IN_PROGRESS') return { state: 'running' };
  if (build?.buildStatus === 'SUCCEEDED') return { state: 'succeeded' };
  const lines = build === undefined ? [] : await lastLines(logs, build);
  return { state: 'failed', text: failureText(id, build, lines) };
}

/** What is told of a failed build: how it ended, what it said last, and where all of it can be read. */
export function failureText(id: string, build: Build | undefined, lines: string[]): string {
  if (build === undefined) return `The build ${id} is gone: deploy again to start another`;
  const phase = build.phases?.find(
    ({ phaseStatus }) => phaseStatus !== undefined && phaseStatus !== 'SUCCEEDED',
  );
  const contexts = phase?.contexts?.map(({ message }) => message).filter((message) => message !== undefined);
  const place = phase === undefined ? '' : ` in ${phase.phaseType}`;
  const reason = contexts === undefined || contexts.length === 0 ? '' : ` (${contexts.join('; ')})`;
  const log = lines
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-LOG_LINES)
    .join('\n')
    .slice(-LOG_CHARACTERS);
  return [
    `The build ${id} ended with ${build.buildStatus}${place}${reason}.`,
    log === '' ? 'It has no log.' : `Its log ends with:\n${log}`,
    `All of it: ${buildLink(build)}`,
  ].join('\n');
}

/** Address of the build's page in the console. */
function buildLink({ arn = '', id = '', projectName = '' }: Build): string {
  const [, , , region = '', account = ''] = arn.split(':');
  const place = `${account}/projects/${projectName}/build/${encodeURIComponent(id)}`;
  return `https://${region}.console.aws.amazon.com/codesuite/codebuild/${place}`;
}

/** The end of the build's log. A build that ended before it wrote has none. */
async function lastLines(logs: CloudWatchLogsClient, { logs: log }: Build): Promise<string[]> {
  if (log?.groupName === undefined || log.streamName === undefined) return [];
  try {
    const { events = [] } = await logs.send(
      new GetLogEventsCommand({
        logGroupName: log.groupName,
        logStreamName: log.streamName,
        limit: 4 * LOG_LINES,
        startFromHead: false,
      }),
    );
    return events.map(({ message = '' }) => message);
  } catch (error) {
    // That the build has failed is what the user has to hear, with its log or without.
    return [`(its log could not be read: ${(error as Error).message})`];
  }
}

import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { BatchGetBuildsCommand, type Build, type CodeBuildClient } from '@aws-sdk/client-codebuild';
import { isRunning } from './codebuild';

/**
 * Most lines and characters of a failed build's log that are shown: CloudFormation truncates
 * messages longer than 4 KB.
 */
const LOG_LINES = 15;
const LOG_CHARACTERS = 1500;

/** Clients for builds and their logs. */
export interface BuildClients {
  codebuild: CodeBuildClient;
  logs: CloudWatchLogsClient;
}

/**
 * The state of a build. `text` tells the user of a deployment where to find a running build, or why
 * a build failed.
 */
export type BuildState = { state: 'succeeded' } | { state: 'running' | 'failed'; text: string };

export async function buildState(clients: BuildClients, id: string): Promise<BuildState> {
  const { builds: [build] = [] } = await clients.codebuild.send(new BatchGetBuildsCommand({ ids: [id] }));
  return build === undefined
    ? { state: 'failed', text: `The build ${id} no longer exists: deploy again to start a new one` }
    : stateOf(clients, build);
}

/** The state of a build whose description was already read. */
export async function stateOf({ logs }: Pick<BuildClients, 'logs'>, build: Build): Promise<BuildState> {
  if (isRunning(build))
    return { state: 'running', text: `The build ${build.id} is still running: ${buildLink(build)}` };
  if (build.buildStatus === 'SUCCEEDED') return { state: 'succeeded' };
  return { state: 'failed', text: failureText(build, await lastLines(logs, build)) };
}

/** Describes a failed build: its status, the end of its log, and a link to the whole log. */
function failureText(build: Build, lines: string[]): string {
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
    `The build ${build.id} ended with ${build.buildStatus}${place}${reason}.`,
    log === '' ? 'It has no log.' : `Its log ends with:\n${log}`,
    `Full log: ${buildLink(build)}`,
  ].join('\n');
}

/** URL of the build's page in the console. */
function buildLink({ arn = '', id = '', projectName = '' }: Build): string {
  const [, , , region = '', account = ''] = arn.split(':');
  const place = `${account}/projects/${projectName}/build/${encodeURIComponent(id)}`;
  return `https://${region}.console.aws.amazon.com/codesuite/codebuild/${place}`;
}

/** The end of the build's log. A build that ended before its first output has no log. */
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
    // The user must hear that the build failed, even without its log.
    return [`(its log could not be read: ${(error as Error).message})`];
  }
}

import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';

/** A line of a process. */
export interface LogLine {
  stream: string;
  /** Epoch milliseconds. */
  timestamp: number;
  message: string;
}

/** The streams of a group in CloudWatch Logs. */
export class LogStreams {
  private readonly existing = new Set<string>();

  constructor(
    private readonly logs: CloudWatchLogsClient,
    private readonly logGroupName: string,
  ) {}

  /** Sends lines, at most 1 MB, in the order of their times. */
  async put(lines: readonly LogLine[]): Promise<void> {
    const { logGroupName } = this;
    for (const logStreamName of new Set(lines.map(({ stream }) => stream))) {
      await this.create(logStreamName);
      const logEvents = lines
        .filter(({ stream }) => stream === logStreamName)
        .map(({ timestamp, message }) => ({ timestamp, message }));
      await this.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    }
  }

  private async create(logStreamName: string): Promise<void> {
    if (this.existing.has(logStreamName)) return;
    const { logGroupName } = this;
    try {
      await this.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    } catch (error) {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    }
    this.existing.add(logStreamName);
  }
}

import { AwsError, type Fields, type Operation } from './fake-aws';

interface Variable {
  name: string;
  value: string;
}

interface FakeBuild {
  id: string;
  arn: string;
  projectName: string;
  buildStatus: string;
  startTime: number;
  environment: { environmentVariables: Variable[] };
  phases: Fields[];
  logs: Fields;
  input: Fields;
}

/**
 * CodeBuild with one project. Builds run until a test ends them, and a repeated token returns its
 * build.
 */
export class FakeCodeBuild {
  readonly builds: FakeBuild[] = [];
  log: string[] | undefined = [];
  /** The error that it returns instead of starting a build. */
  refusal: AwsError | undefined;
  /** Whether the latest build is among those that it lists. */
  listed = true;
  private readonly tokens = new Map<string, FakeBuild>();

  readonly operations: Record<string, Operation> = {
    ListBuildsForProject: () => ({
      ids: this.builds
        .map(({ id }) => id)
        .slice(0, this.listed ? undefined : -1)
        .reverse(),
    }),
    BatchGetBuilds: ({ ids }) => ({ builds: this.builds.filter(({ id }) => (ids as string[]).includes(id)) }),
    StartBuild: (input) => this.refusal ?? { build: this.start(input) },
    GetLogEvents: () =>
      this.log === undefined
        ? new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.')
        : { events: this.log.map((message) => ({ message, timestamp: 1 })) },
  };

  /** Ends the latest build. */
  end(buildStatus: string, phases: Fields[] = []): void {
    Object.assign(this.builds.at(-1) ?? {}, { buildStatus, phases });
  }

  private start(input: Fields): FakeBuild {
    const token = String(input.idempotencyToken);
    const known = this.tokens.get(token);
    if (known !== undefined) return known;
    const project = String(input.projectName);
    const number = this.builds.length + 1;
    const id = `${project}:0000-${number}`;
    const build: FakeBuild = {
      id,
      arn: `arn:aws:codebuild:eu-central-1:123456789012:build/${id}`,
      projectName: project,
      buildStatus: 'IN_PROGRESS',
      startTime: number,
      environment: { environmentVariables: input.environmentVariablesOverride as Variable[] },
      phases: [],
      logs: { groupName: 'builds', streamName: `0000-${number}` },
      input,
    };
    this.tokens.set(token, build);
    this.builds.push(build);
    return build;
  }
}

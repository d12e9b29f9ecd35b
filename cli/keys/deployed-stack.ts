import {
  type CloudFormationClient,
  paginateDescribeStacks,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { OUTPUT } from '../../core/contract/environment';
import { CliError, UsageError } from '../errors';

/** Name and outputs of a deployed stack of a path. */
export interface DeployedStack {
  name: string;
  outputs: Record<string, string>;
}

/**
 * Finds the deployed stack of a path: the named one, or the only one.
 *
 * @throws CliError `not_found`, or UsageError if there are several
 */
export async function findStack(client: CloudFormationClient, name?: string): Promise<DeployedStack> {
  const found: DeployedStack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, { StackName: name })) {
    found.push(...Stacks.map(described).filter(({ outputs }) => OUTPUT.keysTable in outputs));
  }
  const candidates =
    name === undefined ? found.filter((stack) => stack.name.startsWith('Spotscribe-')) : found;
  const [only, ...others] = candidates;
  if (only === undefined) {
    throw new CliError(
      'not_found',
      name === undefined
        ? 'No Spotscribe stack is deployed in this account and region. Run "npx cdk deploy Spotscribe-DockerGpu" to deploy one'
        : `The stack ${name} has no output "${OUTPUT.keysTable}". Name the stack of a Spotscribe path`,
    );
  }
  if (others.length > 0) {
    throw new UsageError(`Several stacks are deployed; choose one with --stack: ${names(candidates)}`);
  }
  return only;
}

const names = (stacks: DeployedStack[]) => stacks.map(({ name }) => name).join(', ');

const described = ({ StackName = '', Outputs = [] }: Stack): DeployedStack => ({
  name: StackName,
  outputs: Object.fromEntries(
    Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  ),
});

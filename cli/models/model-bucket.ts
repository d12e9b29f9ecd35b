import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { OUTPUT } from '../../core/contract/environment';
import { CliError } from '../errors';

/** The stack that all paths share. */
const FOUNDATION = 'Spotscribe-Foundation';

/**
 * Finds the model bucket in this account and region.
 *
 * @throws CliError `not_found`
 */
export async function findModelBucket(client: CloudFormationClient): Promise<string> {
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: FOUNDATION }));
  const output = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === OUTPUT.modelBucket)?.OutputValue;
  if (output !== undefined) return output;
  throw new CliError(
    'not_found',
    `The stack ${FOUNDATION} has no output "${OUTPUT.modelBucket}". Deploy it again`,
  );
}

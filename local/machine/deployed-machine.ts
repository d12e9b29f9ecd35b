import { createHash } from 'node:crypto';
import { GetParameterCommand, ParameterNotFound, type SSMClient } from '@aws-sdk/client-ssm';
import { MachineSpec } from '../../core/contract/machine-spec';

/** A specification of machines, as it is deployed. */
export interface DeployedMachine {
  spec: MachineSpec;
  /** Changes with the specification. */
  revision: string;
}

/** @throws ZodError if the text is not a specification */
export const deployedMachine = (text: string): DeployedMachine => ({
  spec: MachineSpec.parse(JSON.parse(text)),
  revision: createHash('sha256').update(text).digest('hex'),
});

/** Reads the specification of a path's machines; undefined if the path is not deployed. */
export async function readDeployedMachine(
  ssm: SSMClient,
  Name: string,
): Promise<DeployedMachine | undefined> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    return Parameter?.Value === undefined ? undefined : deployedMachine(Parameter.Value);
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

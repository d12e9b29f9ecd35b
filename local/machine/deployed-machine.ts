import { createHash } from 'node:crypto';
import { MachineSpec } from '../../core/contract/machine-spec';
import { readParameter } from '../parameters';

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
  endpoint: string,
  name: string,
): Promise<DeployedMachine | undefined> {
  const text = await readParameter(endpoint, name);
  return text === undefined ? undefined : deployedMachine(text);
}

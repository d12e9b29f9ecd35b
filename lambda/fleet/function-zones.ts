import { DescribeAvailabilityZonesCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { FunctionZones, FunctionZonesRequest } from '../../core/fleet/function-zones';
import { lambdaHandler, type Tools } from '../frame/runtime';

export interface Dependencies {
  ec2: EC2Client;
}

/**
 * Says in which of a region's zones functions of a network can be. A zone has the same id in all accounts, and another name
 * in each, so that only the account itself can tell.
 */
export const handler = lambdaHandler((): Dependencies => ({ ec2: new EC2Client() }), functionZones);

export async function functionZones(
  event: CloudFormationCustomResourceEvent,
  { ec2 }: Dependencies,
  { logger }: Tools,
): Promise<FunctionZones> {
  const { Zones, Without, NoZone } = event.ResourceProperties as unknown as FunctionZonesRequest;
  const unusable = event.RequestType === 'Delete' ? [] : await namesOf(Without, ec2, logger);
  const zones = Zones.map((name) => (unusable.includes(name) ? NoZone : name));
  return { PhysicalResourceId: 'function-zones', Data: { Zones: zones.join(',') } };
}

/** Names of zones in this account. None if they cannot be looked up: most accounts do not have such a zone among their first. */
async function namesOf(ids: string[], ec2: EC2Client, logger: Tools['logger']): Promise<string[]> {
  try {
    const { AvailabilityZones = [] } = await ec2.send(new DescribeAvailabilityZonesCommand({}));
    return AvailabilityZones.filter(({ ZoneId = '' }) => ids.includes(ZoneId)).map(
      ({ ZoneName = '' }) => ZoneName,
    );
  } catch (error) {
    logger.warn('could not look up the zones of this account', error as Error);
    return [];
  }
}

import { DescribeAvailabilityZonesCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { FunctionZones, FunctionZonesRequest } from '../../core/fleet/function-zones';
import { lambdaHandler, type Tools } from '../frame/runtime';

export interface Dependencies {
  ec2: EC2Client;
}

/**
 * Finds the zones of a region that support Lambda functions in a VPC. A zone has the same id in all
 * accounts but a different name in each, so only the account itself knows the names.
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

/**
 * Names of zones in this account. Empty if the look-up fails: in most accounts no such zone is
 * among the first ones.
 */
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

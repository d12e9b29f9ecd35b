import { DescribeAvailabilityZonesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { functionZones } from '../../../lambda/fleet/function-zones';
import type { FunctionZonesRequest } from '../../../core/fleet/function-zones';
import { quietTools } from '../../support/support';

const ec2 = mockClient(EC2Client);
beforeEach(() => ec2.reset());

type Event = Parameters<typeof functionZones>[0];

function ask(Zones: string[], RequestType = 'Create') {
  const ResourceProperties = { Zones, Without: ['use1-az3'], NoZone: 'none' } satisfies FunctionZonesRequest;
  const event = { RequestType, ResourceProperties } as unknown as Event;
  return functionZones(event, { ec2: new EC2Client() }, quietTools());
}

describe('the zones that support functions', () => {
  test('exclude those without Lambda, by the names of this account', async () => {
    ec2.on(DescribeAvailabilityZonesCommand).resolves({
      AvailabilityZones: [
        { ZoneName: 'us-east-1a', ZoneId: 'use1-az6' },
        { ZoneName: 'us-east-1b', ZoneId: 'use1-az3' },
        { ZoneName: 'us-east-1c', ZoneId: 'use1-az1' },
      ],
    });
    const { Data } = await ask(['us-east-1a', 'us-east-1b', 'us-east-1c']);
    expect(Data.Zones).toBe('us-east-1a,none,us-east-1c');
  });

  test('are all zones if the look-up fails, so that no deployment fails', async () => {
    ec2.on(DescribeAvailabilityZonesCommand).rejects(new Error('not authorized'));
    expect((await ask(['us-east-1a', 'us-east-1b'])).Data.Zones).toBe('us-east-1a,us-east-1b');
  });

  test('are not looked up when the stack is deleted', async () => {
    expect((await ask(['us-east-1a'], 'Delete')).Data.Zones).toBe('us-east-1a');
    expect(ec2.calls()).toEqual([]);
  });
});

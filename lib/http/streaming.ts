import { Token } from 'aws-cdk-lib';
import { balancerCost } from '../../core/prices/balancer';
import { type Settings, SettingsError } from '../settings';

/** Configuration of live events through a public load balancer. */
export interface Streaming {
  readonly certificateArn: string;
  /** IPv4 ranges of callers. */
  readonly allowedCidrs: readonly string[];
}

const ANYWHERE = ['0.0.0.0/0'];

/**
 * Reads the configuration from the settings; undefined if live events are off.
 *
 * @param region of the stack; may be an unresolved token
 * @throws SettingsError if there are address ranges without a certificate, or the certificate is in
 * another region
 */
export function streaming({ certificateArn, allowedCidrs }: Settings, region: string): Streaming | undefined {
  if (certificateArn === undefined) {
    if (allowedCidrs === undefined) return undefined;
    throw new SettingsError(
      `Setting "allowedCidrs" must be used with "certificateArn", because it limits only the public load balancer and not ` +
        `the API; got ${JSON.stringify(allowedCidrs)}. Remove it, or set "certificateArn" too.`,
    );
  }
  const [, , , where] = certificateArn.split(':');
  if (!Token.isUnresolved(region) && where !== region) {
    throw new SettingsError(
      `Setting "certificateArn" must name a certificate in the stack's region ${region}; ` +
        `got ${JSON.stringify(certificateArn)}. Request or import one there: load balancers only use certificates of their region.`,
    );
  }
  return { certificateArn, allowedCidrs: allowedCidrs ?? ANYWHERE };
}

/** Describes the monthly cost and the allowed callers, for the output of synthesis. */
export function streamingCost({ allowedCidrs }: Streaming, zones: number): string {
  const who = allowedCidrs.some((cidr) => cidr.endsWith('/0'))
    ? 'It accepts callers with a key from any address; "allowedCidrs" limits that'
    : `It accepts callers with a key from ${allowedCidrs.join(', ')}`;
  return (
    `The public load balancer costs about $${balancerCost(zones).toFixed(0)} a month, including its addresses in ` +
    `${zones} zones but not the traffic. ${who}.`
  );
}

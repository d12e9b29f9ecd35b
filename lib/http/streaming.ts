import { Token } from 'aws-cdk-lib';
import { type Settings, SettingsError } from '../settings';
import { balancerCost } from './balancer-cost';

/** That events are to reach callers as they happen, through a public load balancer, and whom it lets in. */
export interface Streaming {
  readonly certificateArn: string;
  /** IPv4 ranges from which callers may come. */
  readonly allowedCidrs: readonly string[];
}

const ANYWHERE = ['0.0.0.0/0'];

/**
 * What the settings say of it; undefined if it is not wanted.
 *
 * @param region of the stack, which may be known only to AWS
 * @throws SettingsError if callers are limited that there are none of, or the certificate is in another region
 */
export function streaming({ certificateArn, allowedCidrs }: Settings, region: string): Streaming | undefined {
  if (certificateArn === undefined) {
    if (allowedCidrs === undefined) return undefined;
    throw new SettingsError(
      `Setting "allowedCidrs" limits who reaches the public load balancer, and without "certificateArn" there is none; ` +
        `got ${JSON.stringify(allowedCidrs)}. It does not limit the API: leave it out, or set "certificateArn" too.`,
    );
  }
  const [, , , where] = certificateArn.split(':');
  if (!Token.isUnresolved(region) && where !== region) {
    throw new SettingsError(
      `Setting "certificateArn" must name a certificate of the stack's region, which is ${region}; ` +
        `got ${JSON.stringify(certificateArn)}. Request or import one there: a load balancer takes no other.`,
    );
  }
  return { certificateArn, allowedCidrs: allowedCidrs ?? ANYWHERE };
}

/** What it costs a month, and whom it lets in, in a sentence for whoever deploys it. */
export function streamingCost({ allowedCidrs }: Streaming, zones: number): string {
  const who = allowedCidrs.some((cidr) => cidr.endsWith('/0'))
    ? 'It lets callers in from anywhere, by their keys: "allowedCidrs" narrows that'
    : `It lets callers in from ${allowedCidrs.join(', ')}, by their keys`;
  return (
    `The public load balancer costs about $${balancerCost(zones).toFixed(0)} a month, its addresses in ` +
    `${zones} zones included, and the traffic besides. ${who}.`
  );
}

import { type CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** Acknowledges one finding of a policy check, with the reason why the rule does not apply here. */
export function acknowledge(construct: IConstruct, id: string, reason: string) {
  Validations.of(construct).acknowledge({ id, reason });
}

/** Acknowledges one wildcard in a role's policies, in cdk-nag's notation. */
export function acknowledgeWildcard(grantee: IGrantable, resource: string, reason: string) {
  const principal = grantee.grantPrincipal as unknown as IConstruct;
  acknowledge(principal, `AwsSolutions-IAM5[Resource::${resource}]`, reason);
}

/** A resource's attribute or reference in cdk-nag's notation for findings. */
export function findingName(resource: IConstruct, attribute?: string): string {
  const element = (resource.node.defaultChild ?? resource) as CfnElement;
  const id = Stack.of(resource).getLogicalId(element);
  return attribute === undefined ? `<${id}>` : `<${id}.${attribute}>`;
}

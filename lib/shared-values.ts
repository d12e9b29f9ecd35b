import { Fn, Stack } from 'aws-cdk-lib';
import { StringListParameter, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/**
 * Values of a stack that other stacks read when they are deployed, as parameters of Systems Manager.
 *
 * They are no exports: CloudFormation refuses to remove or change an export that a deployed stack imports, so that a new
 * version or another setting could not be deployed (docs/decisions/025-shared-values.md). A stack that has read a value keeps
 * it until its own next deployment.
 */
export class SharedValues extends Construct {
  /** Makes a value known. Its name may never change. */
  share(name: string, value: string) {
    new StringParameter(this, name, { parameterName: this.path(name), stringValue: value });
  }

  /** Makes a list known. */
  shareList(name: string, values: string[]) {
    new StringListParameter(this, name, { parameterName: this.path(name), stringListValue: values });
  }

  /** The value, in another stack. */
  read(scope: Construct, name: string): string {
    return StringParameter.valueForStringParameter(scope, this.path(name));
  }

  /** The list, in another stack. */
  readList(scope: Construct, name: string): string[] {
    return StringListParameter.valueForTypedListParameter(scope, this.path(name));
  }

  private path(name: string): string {
    return `/${Stack.of(this).stackName}/${name}`;
  }
}

/** An item of a list that is known when the stack is deployed. */
export const itemOf = (list: string[], index: number): string => Fn.select(index, list);

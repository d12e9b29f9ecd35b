import { Fn, Stack } from 'aws-cdk-lib';
import { StringListParameter, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/**
 * Systems Manager parameters of a stack that other stacks read during their deployment.
 *
 * They replace exports: CloudFormation cannot remove or change an export that a deployed stack
 * imports, which would block new versions and settings (docs/decisions/025-shared-values.md). A
 * stack that has read a value keeps it until its own next deployment.
 */
export class SharedValues extends Construct {
  /** Shares a value. Its name must never change. */
  share(name: string, value: string) {
    new StringParameter(this, name, { parameterName: this.path(name), stringValue: value });
  }

  /** Shares a list. Its name must never change. */
  shareList(name: string, values: string[]) {
    new StringListParameter(this, name, { parameterName: this.path(name), stringListValue: values });
  }

  /** Reads the value in another stack. */
  read(scope: Construct, name: string): string {
    return StringParameter.valueForStringParameter(scope, this.path(name));
  }

  /** Reads the list in another stack. */
  readList(scope: Construct, name: string): string[] {
    return StringListParameter.valueForTypedListParameter(scope, this.path(name));
  }

  private path(name: string): string {
    return `/${Stack.of(this).stackName}/${name}`;
  }
}

/** Selects an item of a list whose values are known only during deployment. */
export const itemOf = (list: string[], index: number): string => Fn.select(index, list);

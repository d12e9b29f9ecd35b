import { Function as LambdaFunction, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Provider } from 'aws-cdk-lib/custom-resources';
import { acknowledge, findingName } from './acknowledge';

/** Acknowledges findings in the CDK's provider framework, which this app cannot configure. */
export function acknowledgeProvider(provider: Provider, handlers: IFunction[]) {
  acknowledge(
    provider,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'The CDK’s framework uses it only to write its log.',
  );
  const framework = provider.node
    .findAll()
    .filter((construct): construct is LambdaFunction => construct instanceof LambdaFunction);
  for (const handler of [...handlers, ...framework]) {
    const finding = `AwsSolutions-IAM5[Resource::${findingName(handler, 'Arn')}:*]`;
    acknowledge(
      provider,
      finding,
      'Versions and aliases of one function: the CDK grants invocations this way.',
    );
  }
  for (const rule of [
    'AwsSolutions-SF1',
    'AwsSolutions-SF2',
    'cdk-validator-cfnguard::step_functions_state_machine_logging_enabled_check',
    'cdk-validator-cfnguard::step_functions_state_machine_tracing_enabled_check',
  ])
    acknowledge(
      provider,
      rule,
      'The state machine polls a function every few seconds, and that function writes a log.',
    );
}

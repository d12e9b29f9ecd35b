import { Function as LambdaFunction, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Provider } from 'aws-cdk-lib/custom-resources';
import { acknowledge, findingName } from './acknowledge';

/** Acknowledges what the checks find of the CDK's framework for resources that take their time: it is made as the CDK makes it. */
export function acknowledgeProvider(provider: Provider, handlers: IFunction[]) {
  acknowledge(
    provider,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'The CDK’s framework writes its log by it, and nothing else.',
  );
  const framework = provider.node
    .findAll()
    .filter((construct): construct is LambdaFunction => construct instanceof LambdaFunction);
  for (const handler of [...handlers, ...framework]) {
    const finding = `AwsSolutions-IAM5[Resource::${findingName(handler, 'Arn')}:*]`;
    acknowledge(
      provider,
      finding,
      'The versions and aliases of one function, as the CDK grants an invocation.',
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
      'It asks a function every few seconds, and the functions that it asks write a log.',
    );
}

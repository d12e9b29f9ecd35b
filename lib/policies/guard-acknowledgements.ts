import type { App } from 'aws-cdk-lib';
import { acknowledge } from './acknowledge';

/** Control Tower's proactive controls that do not hold for Spotscribe, each with the reason. */
const REASONS: Record<string, string> = {
  alb_http_to_https_redirection_check:
    'One load balancer is internal, and one function alone may reach it; the public one has no listener without TLS at all.',
  elbv2_deletion_protection_enabled_check:
    'Load balancers hold nothing, and a protected one would keep its stack from being destroyed.',
  elbv2_logging_enabled_check:
    'The API in front of one, and the worker behind the other, log every request; a bucket for more lines would be one more to guard.',
  autoscaling_multiple_az_check:
    'The group spans every zone of the setting availabilityZones; the rule cannot count zones chosen by index.',
  autoscaling_group_elb_healthcheck_required_check:
    'The load balancer takes a machine that loads its model for ill: the group would end it. ECS replaces the task instead.',
  autoscaling_group_nitro_instance_override_check:
    'Every default type is a Nitro machine; the rule’s list is older than the g6 family.',
  autoscaling_group_nitro_encryption_in_transit_override_check:
    'No traffic passes between machines: each talks to AWS over TLS, and is asked by a load balancer within the VPC at most.',
  cloudwatch_log_group_retention_period_check:
    'Logs hold ids and durations, and less is kept of a clinic’s recordings the better: two weeks, or a month for machines.',
  cloudwatch_log_group_encrypted_check:
    'Logs hold no content and are encrypted by the service; a key of its own costs $1 a month while idle.',
  dynamodb_table_encrypted_kms_check:
    'Rows hold ids and durations and are encrypted by the service; a key of its own costs $1 a month while idle.',
  s3_bucket_default_encryption_kms_check:
    'Encrypted by the service (SSE-S3); a key of its own costs $1 a month while idle and a call an object.',
  s3_bucket_versioning_enabled_check:
    'Erasing a recording has to erase it: versions would keep what a user had deleted. Models can be fetched again.',
  s3_bucket_object_lock_enabled_check: 'Erasing a recording has to erase it; object lock would forbid that.',
  s3_bucket_logging_enabled_check:
    'Access logs would be a second bucket to guard; CloudTrail data events serve who needs them.',
  s3_event_notifications_enabled_check: 'Nothing waits for a model to arrive in the cache.',
  ec2_launch_template_monitoring_enabled_check:
    'Detailed monitoring costs $2 a machine and month; nothing here scales on machine metrics.',
  ec2_launch_template_public_ip_disabled_check:
    'Without a public address a machine needs a NAT gateway ($33 a month and zone while idle). No inbound rule exists.',
  ecs_container_insights_enabled_check:
    'Container Insights costs more a month than the idle fleet; the worker publishes its own metrics.',
  ecs_awsvpc_networking_enabled_check:
    'In awsvpc mode a task in a public subnet has no way out without a NAT gateway. Bridge mode hides the machine’s role as well (hop limit 1).',
  ecs_task_definition_memory_hard_limit_check:
    'The containers share one machine that runs nothing else: reservations divide it, and a model may use what is free.',
  lambda_function_public_access_prohibited_check:
    'These permissions name the one API and route that may call; the rule wants an account beside the ARN that holds it.',
  lambda_inside_vpc_check:
    'The functions talk to AWS APIs alone: in the VPC they would need a NAT gateway, and reach nothing more.',
  sqs_dlq_check: 'These are dead-letter queues themselves.',
  sns_encrypted_kms_check:
    'CloudWatch cannot publish to a topic under the default key; alarms hold names of functions and queues, no content.',
};

/** Acknowledges what the checks of `npm run policies` would otherwise report. */
export function acknowledgeGuardRules(app: App) {
  for (const [rule, reason] of Object.entries(REASONS))
    acknowledge(app, `cdk-validator-cfnguard::${rule}`, reason);
}

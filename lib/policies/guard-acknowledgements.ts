import type { App } from 'aws-cdk-lib';
import { acknowledge } from './acknowledge';

/** Control Tower's proactive controls that do not apply to Spotscribe, each with the reason. */
const REASONS: Record<string, string> = {
  alb_http_to_https_redirection_check:
    'The internal load balancer accepts requests of one function only. The public one has only a TLS listener.',
  elbv2_deletion_protection_enabled_check:
    'Load balancers hold no data, and protection would block the deletion of the stack.',
  elbv2_logging_enabled_check:
    'The API in front of one and the worker behind the other log every request. Access logs would need another bucket to protect.',
  autoscaling_multiple_az_check:
    'The group spans every zone of the setting availabilityZones; the rule cannot count zones chosen by index.',
  autoscaling_group_elb_healthcheck_required_check:
    'A machine that loads its model is unhealthy for the load balancer, so the group would terminate it. ECS replaces the task instead.',
  autoscaling_group_nitro_instance_override_check:
    'Every default type is a Nitro machine; the rule’s list is older than the g6 family.',
  autoscaling_group_nitro_encryption_in_transit_override_check:
    'Machines do not talk to each other. They use TLS to AWS; at most a load balancer in the VPC sends them requests.',
  cloudwatch_log_group_retention_period_check:
    'Logs hold ids and durations. Short retention protects confidential recordings: two weeks, or a month for machines.',
  cloudwatch_log_group_encrypted_check:
    'Logs hold no content and the service encrypts them. A separate key costs $1 a month while idle.',
  dynamodb_table_encrypted_kms_check:
    'Rows hold ids and durations and the service encrypts them. A separate key costs $1 a month while idle.',
  s3_bucket_default_encryption_kms_check:
    'S3 encrypts it (SSE-S3). A separate key costs $1 a month while idle, and one call per object.',
  s3_bucket_versioning_enabled_check:
    'Erasing a recording must delete it, and versions would keep deleted data. Models can be fetched again.',
  s3_bucket_object_lock_enabled_check: 'Erasing a recording must delete it; object lock would prevent that.',
  s3_bucket_logging_enabled_check:
    'Access logs would need a second bucket to protect. Use CloudTrail data events instead.',
  s3_event_notifications_enabled_check: 'Nothing waits for a model to arrive in the cache.',
  ec2_launch_template_monitoring_enabled_check:
    'Detailed monitoring costs $2 a machine and month; nothing here scales on machine metrics.',
  ec2_launch_template_public_ip_disabled_check:
    'Without a public IP address a machine needs a NAT gateway ($33 per month and zone while idle). There is no inbound rule.',
  ecs_container_insights_enabled_check:
    'Container Insights costs more a month than the idle fleet; the worker publishes its own metrics.',
  ecs_awsvpc_networking_enabled_check:
    'In awsvpc mode a task in a public subnet needs a NAT gateway. Bridge mode also hides the machine’s role (hop limit 1).',
  ecs_task_definition_memory_hard_limit_check:
    'The containers share one machine that runs nothing else. Reservations divide the memory, and a model may use what is free.',
  lambda_function_public_access_prohibited_check:
    'These permissions name the only API and route that may call. The rule requires an account in addition to the ARN.',
  lambda_inside_vpc_check:
    'The functions only call AWS APIs. In the VPC they would need a NAT gateway without any benefit.',
  sqs_dlq_check: 'These queues are dead-letter queues.',
  sns_encrypted_kms_check:
    'CloudWatch cannot publish to a topic encrypted with the default key. Alarms contain names of functions and queues, no content.',
};

/** Acknowledges what the checks of `npm run policies` would otherwise report. */
export function acknowledgeGuardRules(app: App) {
  for (const [rule, reason] of Object.entries(REASONS))
    acknowledge(app, `cdk-validator-cfnguard::${rule}`, reason);
}

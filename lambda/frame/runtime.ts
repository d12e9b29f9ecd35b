import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Context } from 'aws-lambda';
import { ENV, METRIC } from '../../core/contract/environment';

/**
 * Logger, metrics and tracer. Created at the first invocation of a container, not at import time.
 */
export interface Tools {
  logger: Logger;
  metrics: Metrics;
  tracer: Tracer;
}

/**
 * A Lambda handler: creates its dependencies once, adds the request id to its log lines, traces the
 * invocation as a subsegment and publishes its metrics. Events are never logged, because they
 * contain names and keys of users.
 */
export function lambdaHandler<Event, Result, Dependencies>(
  prepare: (tools: Tools) => Dependencies,
  handle: (event: Event, dependencies: Dependencies, tools: Tools, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  let prepared: { tools: Tools; dependencies: Dependencies } | undefined;
  return async (event, context) => {
    if (prepared === undefined) {
      const tools = { logger: new Logger(), metrics: new Metrics(), tracer: new Tracer() };
      prepared = { tools, dependencies: prepare(tools) };
    }
    const { tools, dependencies } = prepared;
    tools.logger.addContext(context);
    tools.metrics.captureColdStartMetric(context.functionName);
    const endTrace = beginTrace(tools.tracer);
    try {
      return await handle(event, dependencies, tools, context);
    } catch (error) {
      reportFailure(tools, error as Error);
      throw error;
    } finally {
      endTrace();
      tools.metrics.publishStoredMetrics();
    }
  };
}

/** Logs an error with its stack, and counts it for the alarm. */
export function reportFailure({ logger, metrics, tracer }: Tools, error: Error): void {
  logger.error('failed', error);
  metrics.addMetric(METRIC.failures, MetricUnit.Count, 1);
  tracer.addErrorAsMetadata(error);
}

/** Traces the handler as a subsegment of its function. The result is not recorded. */
function beginTrace(tracer: Tracer): () => void {
  const segment = tracer.getSegment();
  if (segment === undefined) return () => undefined;
  const handler = segment.addNewSubsegment('## handler');
  tracer.setSegment(handler);
  tracer.annotateColdStart();
  tracer.addServiceNameAnnotation();
  return () => {
    handler.close();
    tracer.setSegment(segment);
  };
}

/** The value of a required environment variable. */
export function env(name: keyof typeof ENV): string {
  const value = process.env[ENV[name]];
  if (value === undefined)
    throw new Error(`Environment variable ${ENV[name]} is not set: deploy the stack again`);
  return value;
}

/** The value of an optional environment variable. */
export const optionalEnv = (name: keyof typeof ENV): string | undefined => process.env[ENV[name]];

/** A number from an optional environment variable. */
export const optionalNumber = (name: keyof typeof ENV): number | undefined =>
  optionalEnv(name) === undefined ? undefined : envNumber(name);

/** A number from a required environment variable. */
export function envNumber(name: keyof typeof ENV): number {
  const value = Number(env(name));
  if (!Number.isFinite(value))
    throw new Error(`Environment variable ${ENV[name]} must be a number; got "${env(name)}"`);
  return value;
}

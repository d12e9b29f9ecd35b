import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Context } from 'aws-lambda';
import { ENV, METRIC } from '../../core/contract/environment';

/** What a handler works with: made at the first invocation of a container, not when the file is imported. */
export interface Tools {
  logger: Logger;
  metrics: Metrics;
  tracer: Tracer;
}

/**
 * A Lambda handler: makes its dependencies once, names the request in the log, traces it as a segment and publishes
 * its metrics. Events are never logged: they hold names and keys of users.
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

/** Traces the handler as a part of its function's segment; what it returns is kept out of the trace. */
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

/** The value of an environment variable of the contract. */
export function env(name: keyof typeof ENV): string {
  const value = process.env[ENV[name]];
  if (value === undefined)
    throw new Error(`Environment variable ${ENV[name]} is not set: deploy the stack again`);
  return value;
}

/** The value of an environment variable that need not be there. */
export const optionalEnv = (name: keyof typeof ENV): string | undefined => process.env[ENV[name]];

/** A number from the environment that need not be there. */
export const optionalNumber = (name: keyof typeof ENV): number | undefined =>
  optionalEnv(name) === undefined ? undefined : envNumber(name);

/** A number from the environment. */
export function envNumber(name: keyof typeof ENV): number {
  const value = Number(env(name));
  if (!Number.isFinite(value))
    throw new Error(`Environment variable ${ENV[name]} must be a number; got "${env(name)}"`);
  return value;
}

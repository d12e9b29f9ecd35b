import { type FastifyInstance, fastify, LogController } from 'fastify';
import type { DirectRoute } from './direct-route';
import type { Health } from './health';
import type { Log } from './log';
import type { Metrics } from './metrics';

/**
 * The worker's own server: whether it can take work, its metrics, and on paths with two models the route that takes audio
 * at once. It tells nothing of any job.
 */
export function createServer(
  health: Health,
  metrics: Metrics,
  log: Log,
  direct?: DirectRoute,
): FastifyInstance {
  const server = fastify({
    loggerInstance: log,
    // A caller that keeps a connection open must not keep the worker from ending.
    forceCloseConnections: true,
    logController: new LogController({ disableRequestLogging: true }),
  });

  server.get('/health', (_request, reply) => {
    const { reasons, missed } = health;
    return reasons.length === 0
      ? reply.send({ status: 'ok', ...(missed.length > 0 && { missed }) })
      : reply.code(503).send({ status: 'unhealthy', reason: reasons.join('; ') });
  });

  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  if (direct !== undefined) direct.register(server as unknown as FastifyInstance);

  return server as unknown as FastifyInstance;
}

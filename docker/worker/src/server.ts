import { type FastifyInstance, fastify, LogController } from 'fastify';
import type { Health } from './health';
import type { Log } from './log';
import type { Metrics } from './metrics';

/** The worker's own server: whether it can take work, and its metrics. It tells nothing of any job. */
export function createServer(health: Health, metrics: Metrics, log: Log): FastifyInstance {
  const server = fastify({
    loggerInstance: log,
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

  return server as unknown as FastifyInstance;
}

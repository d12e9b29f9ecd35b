import * as z from 'zod/mini';
import { CustomEvent, CustomResult } from '../contract/work/custom';
import type { Task } from './task';

/** A task that a user's own service does. The deployment describes it with `CustomTask`. */
export const custom: Task<'custom'> = {
  name: 'custom',
  resultName: 'result',
  result: CustomResult,
  // The JSON schema of the deployment says more: see `custom-options.ts`.
  accepts: z
    .record(z.string(), z.unknown())
    .check(z.refine(isWellFormed, 'Expected valid Unicode: remove lone surrogates')),
  service: { path: '/run', event: CustomEvent },
  request: (options, { path, mediaType }) => ({
    path,
    ...(mediaType !== undefined && { media_type: mediaType }),
    options,
  }),
  progressOf: (event) => (event.type === 'progress' ? event.progress : undefined),
  resultOf: (event) => {
    if (event.type !== 'result') return undefined;
    const { result, measure, degraded = [] } = event;
    return { version: 1, result, measure, degraded };
  },
  measure: ({ measure }) => measure,
  decides: false,
  givesWay: false,
  stages: () => ['custom'],
  stagesAtEnd: (_, result) => ({ custom: result === undefined ? 'failed' : 'succeeded' }),
};

/** Whether all strings of a JSON value can be encoded in UTF-8, which the table requires. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, each]) => key.isWellFormed() && isWellFormed(each));
}

import { ANALYSIS_FORMATS } from '../contract/names';
import { Analysis, AnalyzeEvent } from '../contract/work/analysis';
import { analysisOptions } from './accepted-options';
import type { Task } from './task';

/** Summary, topics and answers, each with its evidence. */
export const analysis: Task<'analysis'> = {
  name: 'analysis',
  resultName: 'analysis',
  result: Analysis,
  accepts: analysisOptions,
  service: { path: '/analyze', event: AnalyzeEvent },
  request: (options, { path, maxSeconds }) => ({ ...options, path, max_seconds: maxSeconds }),
  progressOf: (event) => (event.type === 'window' ? event.progress : undefined),
  resultOf: (event) => (event.type === 'result' ? event.analysis : undefined),
  formats: ANALYSIS_FORMATS,
  mediaTypes: ['audio/*', 'video/*'],
  unit: 'audio_second',
  measure: ({ duration }) => duration,
  decides: false,
  givesWay: true,
  stages: () => ['analysis'],
  stagesAtEnd: (_, result) => ({ analysis: result === undefined ? 'failed' : 'succeeded' }),
};

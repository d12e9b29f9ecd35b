import type { AnalysisOptions, JobOptions, TranscriptionOptions } from '../../../../core/contract/options';
import type { GuardedService } from './guarded-service';

/** Model services of a machine. Both can be the same service. */
export interface Models {
  transcriber: GuardedService;
  /** Undefined if the path has no analysis. */
  analyst?: GuardedService;
}

export const servicesOf = ({ transcriber, analyst }: Models): GuardedService[] => [
  ...new Set([transcriber, ...(analyst === undefined ? [] : [analyst])]),
];

/** Options of the analysis. Undefined if the job has none. */
export const analysisOptions = (
  { analysis = {} }: JobOptions,
  { analyst }: Models,
): AnalysisOptions | undefined => (analyst === undefined || analysis === false ? undefined : analysis);

/** Options of the transcription. */
export function speechOptions(options: JobOptions): TranscriptionOptions {
  const speech = { ...options };
  delete speech.analysis;
  return speech;
}

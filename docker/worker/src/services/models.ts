import type { AnalysisOptions, JobOptions, TranscriptionOptions } from '../../../../core/contract/options';
import type { GuardedService } from './guarded-service';

/** The model services of a machine. One service can be both. */
export interface Models {
  transcriber: GuardedService;
  /** Undefined where the path does not understand recordings. */
  analyst?: GuardedService;
}

export const servicesOf = ({ transcriber, analyst }: Models): GuardedService[] => [
  ...new Set([transcriber, ...(analyst === undefined ? [] : [analyst])]),
];

/** What is to be understood; undefined for nothing. */
export const analysisOptions = (
  { analysis = {} }: JobOptions,
  { analyst }: Models,
): AnalysisOptions | undefined => (analyst === undefined || analysis === false ? undefined : analysis);

/** What is chosen about the transcript. */
export function speechOptions(options: JobOptions): TranscriptionOptions {
  const speech = { ...options };
  delete speech.analysis;
  return speech;
}

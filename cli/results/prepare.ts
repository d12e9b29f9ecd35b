import type { JobOptions } from '../../core/contract/work/options';
import type { ApiClient } from '../api/client';
import { CliError } from '../errors';
import { adopt, adoptByJobs, type EarlierJobs, type ResultFile } from './adopt';
import { decide, type Decision, type Permission } from './decide';
import { type Found, inspect, kinship } from './inspect';
import type { AnalysisOutput, Output, Plan } from './outputs';
import { checkRecords } from './record';

/** How the user wants existing files to be treated. */
export interface Existing extends Permission {
  /** Accepts files that are newer than their recording as its results. */
  adopt: boolean;
}

/** The results of a plan that must be written. */
export interface Wanted {
  /** Empty if all results exist. */
  outputs: Output[];
  analysis: AnalysisOutput[];
  /** Remarks on files that are kept. */
  notes: string[];
}

interface Looked extends ResultFile {
  found: Found;
  decision: Decision;
}

/**
 * Finds the missing results of a file, before anything is sent or paid.
 *
 * @throws CliError `file_exists` if a file must not be replaced, `write_failed` if records cannot
 * be written
 */
export async function findWanted(
  plan: Plan,
  options: JobOptions,
  existing: Existing,
  earlier: { client: ApiClient; jobs: EarlierJobs },
): Promise<Wanted> {
  if (plan.conflict !== undefined) throw new CliError('file_exists', plan.conflict);
  let looked = await look(plan, options, existing);
  const unknown = looked.filter(
    ({ found, decision }) => decision.action === 'refuse' && ['foreign', 'edited'].includes(found.file),
  );
  if (existing.adopt) {
    const newer = unknown.filter(({ found }) => (found.modifiedMs ?? 0) >= plan.input.modifiedMs);
    for (const file of newer) await adopt(file, plan.input);
  } else {
    const foreign = unknown.filter(({ found }) => found.file === 'foreign');
    if (foreign.length > 0) await adoptByJobs(foreign, plan.input, earlier.jobs, earlier.client);
  }
  if (unknown.length > 0) looked = await look(plan, options, existing);
  const wanted = wantedOf(plan, looked);
  if (wanted.outputs.length > 0) await checkRecords(wanted.outputs[0]!.path);
  return wanted;
}

async function look(plan: Plan, options: JobOptions, existing: Existing): Promise<Looked[]> {
  const files: ResultFile[] = [
    ...plan.outputs,
    ...plan.analysis.filter(({ format }) => isMade(format, options)),
  ];
  const looked: Looked[] = [];
  for (const file of files) {
    const found = await inspect(file.path);
    const kin =
      found.record === undefined || found.file === 'none'
        ? undefined
        : await kinship(plan.input, file.path, found.record);
    looked.push({ ...file, found, decision: decide(found, kin, options, existing) });
  }
  return looked;
}

const isMade = (format: AnalysisOutput['format'], { analysis }: JobOptions): boolean =>
  analysis !== false && (format === 'analysis' || (analysis?.tasks?.includes(format) ?? false));

function wantedOf({ outputs, analysis }: Plan, looked: Looked[]): Wanted {
  const actionOf = (path: string) => looked.find((each) => each.path === path)?.decision.action;
  const missing = outputs.filter(({ path }) => actionOf(path) !== 'keep');
  const notes = looked.flatMap(({ path, decision }) =>
    decision.action === 'keep' && decision.note !== undefined ? [`${path} ${decision.note}`] : [],
  );
  if (missing.length === 0) return { outputs: [], analysis: [], notes };
  const refused = looked.filter(({ decision }) => decision.action === 'refuse');
  if (refused.length > 0) throw new CliError('file_exists', refused.map(refusal).join('; '));
  return { outputs: missing, analysis: analysis.filter(({ path }) => actionOf(path) === 'write'), notes };
}

function refusal({ path, found, format, decision }: Looked): string {
  const reason = decision.action === 'refuse' ? decision.reason : '';
  const cures = ['move it', 'choose another folder with --out'];
  if (format === 'analysis' || format === 'chapters') cures.push('skip the analysis with --no-analysis');
  if (found.file !== 'occupied') cures.push('replace it with --overwrite');
  if (found.file === 'foreign' && found.sha256 !== undefined)
    cures.push('accept it as a result with --adopt');
  return `${path} ${reason}: ${cures.slice(0, -1).join(', ')} or ${cures.at(-1)}`;
}

import type { AcceptedFinding, ScanGate } from '../../core/images/image-request';

export interface Finding {
  /** Such as `CVE-2026-1234`. */
  id: string;
  severity: string;
}

/** A scan as ECR describes it. */
export interface Scan {
  status: string;
  description?: string;
  findings: Finding[];
}

/** Whether an image may run: not known yet, or yes or no with a text for the user. */
export type Verdict = { verdict: 'wait' } | { verdict: 'pass' | 'refuse'; text: string };

/** ECR starts a scan within seconds of a push, if scanning is enabled for the repository. */
const BEGIN_SECONDS = 120;

/** A scan takes a minute or two. A scan that has not ended by then must not block a deployment. */
const END_SECONDS = 900;

/** Most findings that a refusal names: CloudFormation truncates messages longer than 4 KB. */
const NAMES = 30;

/** Most characters about accepted findings: CloudFormation rejects answers longer than 4 KB. */
const REASON_CHARACTERS = 1000;

const SEVERITIES = ['CRITICAL', 'HIGH'];

/**
 * Decides whether an image may run, by its scan. An image that could not be scanned passes, and the
 * text says so. Otherwise a broken scanner would block every deployment, and users would disable
 * the gate for good.
 *
 * @param scan undefined if none has begun
 * @param sincePush seconds
 */
export function scanVerdict(
  scan: Scan | undefined,
  sincePush: number,
  gate: ScanGate,
  accepted: AcceptedFinding[],
): Verdict {
  if (gate === 'off') return { verdict: 'pass', text: 'disabled' };
  const begun = scan?.status ?? 'NONE';
  if (begun === 'NONE' && sincePush < BEGIN_SECONDS) return { verdict: 'wait' };
  if (['PENDING', 'IN_PROGRESS'].includes(begun) && sincePush < END_SECONDS) return { verdict: 'wait' };
  if (scan === undefined || !['COMPLETE', 'ACTIVE'].includes(begun)) {
    const why = scan?.description === undefined ? '' : ` (${scan.description})`;
    return { verdict: 'pass', text: `not scanned: ${begun}${why}` };
  }
  const refusing = SEVERITIES.slice(0, SEVERITIES.indexOf(gate) + 1);
  const found = scan.findings.filter(({ severity }) => refusing.includes(severity));
  const reasons = new Map(accepted.map(({ id, reason }) => [id, reason]));
  const open = found.filter(({ id }) => !reasons.has(id));
  const severe = `findings of severity ${refusing.join(' or ')}`;
  if (open.length > 0) {
    const names = open.slice(0, NAMES).map(({ id, severity }) => `${id} (${severity})`);
    if (open.length > NAMES) names.push(`and ${open.length - NAMES} more`);
    return { verdict: 'refuse', text: `${severe}: ${names.join(', ')}` };
  }
  const reasonsText = found.map(({ id }) => `${id}: ${reasons.get(id)}`).join('; ');
  const text =
    reasonsText.length > REASON_CHARACTERS ? `${reasonsText.slice(0, REASON_CHARACTERS)}…` : reasonsText;
  return { verdict: 'pass', text: text === '' ? `no ${severe}` : `${severe} accepted: ${text}` };
}

/** Whether a gate can refuse a finding of this severity. */
export const isSevere = (severity: string): boolean => SEVERITIES.includes(severity);

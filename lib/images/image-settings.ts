import { z } from 'zod';
import type { ImageName } from './image-name';

/** On the command line, what is more than a word is given as JSON. */
export function fromText(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

const ADDRESS =
  /^[a-z0-9][a-z0-9._:-]*(\/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[a-f0-9]{64})$/;

const EXAMPLE = '{"whisper": "ghcr.io/me/whisper@sha256:…"}';

/** How an image comes to where machines pull it from: built by CodeBuild, by this machine's Docker, or at an address. */
type Origin = 'codebuild' | 'local' | (string & {});

/** Where images come from: one word for all, or what to do for each. */
export const imagesSetting = () => {
  const everywhere = z.enum(['codebuild', 'local']);
  const origin = z.union([everywhere, z.string().regex(ADDRESS)]);
  const each = z.strictObject({ worker: origin, whisper: origin, voxtral: origin }).partial();
  return z.preprocess(
    fromText,
    z.custom<'codebuild' | 'local' | Partial<Record<ImageName, Origin>>>(
      (value) => z.union([everywhere, each]).safeParse(value).success,
      `must be codebuild, local, or JSON such as ${EXAMPLE} that names worker, whisper or voxtral: each codebuild, local, or an address with its registry and a tag or a digest`,
    ),
  );
};

const FINDINGS = '[{"id": "CVE-2026-1234", "reason": "not reachable: …"}]';

/** Findings of scans that were looked at, and why they may be. */
export const acceptedFindingsSetting = () =>
  z.preprocess(
    fromText,
    z.custom<{ id: string; reason: string }[]>(
      (value) =>
        z.array(z.strictObject({ id: z.string().min(1), reason: z.string().min(1) })).safeParse(value)
          .success,
      `must be a list such as ${FINDINGS}, each with its reason`,
    ),
  );

import { z } from 'zod';
import { byName, IMAGE_NAMES, type ImageName } from './image-name';

/**
 * Parses JSON arrays and objects given as text on the command line; returns other values as given.
 */
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

/**
 * Source of an image: built by CodeBuild, built by this machine's Docker, or the URI of a registry
 * image.
 */
type Origin = 'codebuild' | 'local' | (string & {});

/** Source of images: one word for all images, or a source for each. */
export const imagesSetting = () => {
  const everywhere = z.enum(['codebuild', 'local']);
  const origin = z.union([everywhere, z.string().regex(ADDRESS)]);
  const each = z.strictObject(byName(IMAGE_NAMES, () => origin)).partial();
  return z.preprocess(
    fromText,
    z.custom<'codebuild' | 'local' | Partial<Record<ImageName, Origin>>>(
      (value) => z.union([everywhere, each]).safeParse(value).success,
      `must be codebuild, local, or JSON such as ${EXAMPLE} with the keys ${IMAGE_NAMES.join(', ')}; each value is codebuild, local, or an image URI with registry and tag or digest`,
    ),
  );
};

const FINDINGS = '[{"id": "CVE-2026-1234", "reason": "not reachable: …"}]';

/** Scan findings that were reviewed and accepted, with reasons. */
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

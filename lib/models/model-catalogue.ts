import { z } from 'zod';
import catalogue from '../../docker/models.json';
import { type ModelVersion, PLAIN_NAME } from '../../core/models/model-layout';
import { modelFilePath, sha256 } from '../../core/models/model-manifest';
import { SettingsError } from '../settings';

const plain = z.string().regex(PLAIN_NAME);

const model = z.strictObject({
  /** Name of the folder that services look for. */
  name: plain,
  /** Stage of a job that needs the model. */
  stage: z.enum(['transcription', 'alignment', 'diarization', 'analysis', 'embedding', 'speech']),
  /** Repository on the hub. */
  source: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  /** Commit of the repository. `main` if it is unknown: then the first fetched commit is kept. */
  revision: plain,
  /** SPDX identifier that the makers state. */
  license: z.string().min(1),
  /** Whether the hub requires a token of a user who has accepted the makers' conditions. */
  gated: z.boolean(),
  /**
   * Sizes in bytes; null if unpublished. `files: null` means the files that the hub lists
   * (`filesToKeep`).
   */
  files: z
    .array(
      z.strictObject({
        path: modelFilePath,
        size: z.number().int().min(0).nullable(),
        sha256: sha256.nullable(),
      }),
    )
    .min(1)
    .nullable(),
});
export type CatalogueModel = z.infer<typeof model>;

/** @throws ZodError if the value is not a catalogue */
export const parseCatalogue = (value: unknown): CatalogueModel[] =>
  z.strictObject({ version: z.literal(1), models: z.array(model) }).parse(value).models;

/** The models that Spotscribe can fetch from the hub. */
export const CATALOGUE: readonly CatalogueModel[] = parseCatalogue(catalogue);

export const catalogueModel = (name: string): CatalogueModel | undefined =>
  CATALOGUE.find((each) => each.name === name);

/** The name in `<name>` or `<name>@<revision>`. */
export const modelName = (text: string): string => text.split('@')[0]!;

/**
 * Resolves the model of a setting, with the given revision or that of the catalogue.
 *
 * @throws SettingsError if neither exists
 */
export function modelVersion(setting: string, text: string): ModelVersion {
  const name = modelName(text);
  const revision = text.split('@')[1] ?? catalogueModel(name)?.revision;
  if (revision !== undefined) return { name, revision };
  const known = CATALOGUE.map((each) => each.name).join(', ');
  throw new SettingsError(
    `Setting "${setting}" must name a model of the catalogue (${known}); got "${text}". ` +
      `To use your own model, run "spotscribe models push ${name} --from <folder> --revision 1" and set ${setting} to ${name}@1.`,
  );
}

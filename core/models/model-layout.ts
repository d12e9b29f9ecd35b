/** A model as the bucket holds it: `models/<name>/<revision>/…`. */
export interface ModelVersion {
  readonly name: string;
  /** A commit of where it comes from, or what its owner calls it. It never stands for other files than before. */
  readonly revision: string;
}

/** A model that a machine brings to its disk. */
export interface WantedModel extends ModelVersion {
  /** Whether the services cannot work without. */
  readonly required: boolean;
}

/** Names and revisions become folders. */
export const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const PREFIX = 'models/';
/** Of the file beside a model's own ones. */
export const MANIFEST = 'manifest.json';

/** Keys in the model cache. */
export const MODEL_KEY = {
  prefix: PREFIX,
  folder: ({ name, revision }: ModelVersion) => `${PREFIX}${name}/${revision}/`,
  /** Written after all files: a model that has none is not whole. */
  manifest: (model: ModelVersion) => `${MODEL_KEY.folder(model)}${MANIFEST}`,
  file: (model: ModelVersion, path: string) => `${MODEL_KEY.folder(model)}${path}`,
} as const;

/** Bytes of all files together. */
export const totalSize = (files: readonly { size: number }[]) =>
  files.reduce((sum, { size }) => sum + size, 0);

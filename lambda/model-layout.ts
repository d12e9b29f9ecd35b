import { z } from 'zod';

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
const MANIFEST = 'manifest.json';

/** Keys in the model cache. */
export const MODEL_KEY = {
  prefix: PREFIX,
  folder: ({ name, revision }: ModelVersion) => `${PREFIX}${name}/${revision}/`,
  /** Written after all files: a model that has none is not whole. */
  manifest: (model: ModelVersion) => `${MODEL_KEY.folder(model)}${MANIFEST}`,
  file: (model: ModelVersion, path: string) => `${MODEL_KEY.folder(model)}${path}`,
} as const;

/** A path below the model's folder; no part of it may be hidden or lead out. */
const path = z
  .string()
  .refine(
    (text) =>
      text !== MANIFEST &&
      !text.includes('\0') &&
      text.split('/').every((part) => part !== '' && !part.startsWith('.')),
    'must be a plain path below the folder of the model',
  );

const name = z.string().regex(PLAIN_NAME, 'must be a plain directory name');
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex');
export const modelFilePath = path;

const manifest = z.object({
  version: z.literal(1),
  name,
  revision: name,
  /** Where it comes from: a repository of the hub with its commit, or null for files that their owner uploaded. */
  source: z.object({ repository: z.string(), commit: z.string() }).nullable(),
  license: z.string().nullable(),
  /** When the files were uploaded, ISO 8601. */
  created_at: z.string(),
  /** `size` in bytes. */
  files: z.array(z.object({ path, size: z.number().int().min(0), sha256 })).min(1),
});
export type ModelManifest = z.infer<typeof manifest>;
export type ModelFile = ModelManifest['files'][number];

/** @throws ZodError or SyntaxError if it is no manifest */
export const parseManifest = (text: string): ModelManifest => manifest.parse(JSON.parse(text));

const wanted = z.array(z.object({ name, revision: name, required: z.boolean() }));

/** @throws ZodError or SyntaxError if it is no list of models */
export const parseWantedModels = (text: string): WantedModel[] => wanted.parse(JSON.parse(text));

/** Bytes of all files together. */
export const totalSize = (files: readonly { size: number }[]) =>
  files.reduce((sum, { size }) => sum + size, 0);

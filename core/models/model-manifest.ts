import { z } from 'zod';
import { MANIFEST, PLAIN_NAME, type WantedModel } from './model-layout';

/** A path below the model's folder. Hidden parts and parts that leave the folder are refused. */
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
  /**
   * Source of the files: a repository of the hub and a commit, a package of the Python package
   * index and a version, or null for files that the owner uploaded.
   */
  source: z
    .union([
      z.object({ repository: z.string(), commit: z.string() }),
      z.object({ package: z.string(), version: z.string() }),
    ])
    .nullable(),
  license: z.string().nullable(),
  /** Upload time in ISO 8601. */
  created_at: z.string(),
  /** `size` in bytes. */
  files: z.array(z.object({ path, size: z.number().int().min(0), sha256 })).min(1),
});
export type ModelManifest = z.infer<typeof manifest>;
export type ModelFile = ModelManifest['files'][number];

/** @throws ZodError or SyntaxError if it is not a valid manifest */
export const parseManifest = (text: string): ModelManifest => manifest.parse(JSON.parse(text));

const wanted = z.array(z.object({ name, revision: name, required: z.boolean().default(true) }));

/** @throws ZodError or SyntaxError if it is not a valid list of models */
export const parseWantedModels = (text: string): WantedModel[] => wanted.parse(JSON.parse(text));

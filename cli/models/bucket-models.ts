import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { MODEL_KEY, type ModelVersion, totalSize } from '../../core/models/model-layout';
import { type ModelManifest, parseManifest } from '../../core/models/model-manifest';
import type { CatalogueModel } from '../../lib/models/model-catalogue';
import { absent } from './upload-object';

/** State of a model in the bucket. */
export type ModelState = 'present' | 'incomplete' | 'missing' | 'differs';

/** A model of the catalogue or of the bucket, or of both. */
export interface ListedModel extends ModelVersion {
  state: ModelState;
  /** Size in bytes. Null if unknown. */
  size: number | null;
  license: string | null;
  gated: boolean;
  /** Description of a problem. @default - none */
  note?: string;
}

export class BucketModels {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
  ) {}

  /** Reads the manifest of a model. Undefined if the model is incomplete. */
  async manifest(model: ModelVersion): Promise<ModelManifest | undefined> {
    const Key = MODEL_KEY.manifest(model);
    const answer = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key })).catch(absent);
    const text = await answer?.Body?.transformToString();
    return text === undefined ? undefined : parseManifest(text);
  }

  /** Lists the models of the catalogue, and other models in the bucket. */
  async list(catalogue: readonly CatalogueModel[]): Promise<ListedModel[]> {
    const sizes = await this.sizes();
    const own = [...sizes.keys()]
      .map(versionOf)
      .filter((model) => model !== undefined)
      .filter(
        ({ name, revision }) => !catalogue.some((each) => each.name === name && each.revision === revision),
      );
    const unique = [...new Map(own.map((model) => [MODEL_KEY.folder(model), model])).values()];
    return Promise.all(
      [...catalogue, ...unique].map(async (model) => {
        const known = catalogue.find((each) => each === model);
        const manifest = sizes.has(MODEL_KEY.manifest(model)) ? await this.manifest(model) : undefined;
        return {
          name: model.name,
          revision: model.revision,
          ...stateOf(model, sizes, manifest, known),
          size: manifest === undefined ? publishedSize(known) : totalSize(manifest.files),
          license: manifest?.license ?? known?.license ?? null,
          gated: known?.gated ?? false,
        };
      }),
    );
  }

  /**
   * Reads all files of a model and compares them with its manifest.
   *
   * @param progress is called with the bytes read so far, of all files
   * @returns the faults, by file
   */
  async verify(
    model: ModelVersion,
    { files }: ModelManifest,
    progress: (bytes: number) => void,
    signal?: AbortSignal,
  ): Promise<{ path: string; fault: string }[]> {
    const faults: { path: string; fault: string }[] = [];
    let bytes = 0;
    for (const { path, size, sha256 } of files) {
      const Key = MODEL_KEY.file(model, path);
      const object = await this.s3
        .send(new GetObjectCommand({ Bucket: this.bucket, Key }), { abortSignal: signal })
        .catch(absent);
      if (object === undefined) {
        faults.push({ path, fault: 'is missing' });
        continue;
      }
      const hash = createHash('sha256');
      let came = 0;
      await pipeline(object.Body as Readable, async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          hash.update(chunk);
          came += chunk.length;
          progress((bytes += chunk.length));
        }
      });
      const digest = hash.digest('hex');
      if (came !== size) faults.push({ path, fault: `has ${came} bytes instead of ${size}` });
      else if (digest !== sha256)
        faults.push({ path, fault: `has the SHA-256 ${digest} instead of ${sha256}` });
    }
    return faults;
  }

  private async sizes(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    const pages = paginateListObjectsV2(
      { client: this.s3 },
      { Bucket: this.bucket, Prefix: MODEL_KEY.prefix },
    );
    for await (const { Contents = [] } of pages) {
      for (const { Key = '', Size = 0 } of Contents) sizes.set(Key, Size);
    }
    return sizes;
  }
}

/** Size of all files of a model. Null if the size of one file is unknown. */
function publishedSize(model?: CatalogueModel): number | null {
  const sizes = model?.files?.map(({ size }) => size) ?? [null];
  return sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0);
}

function versionOf(key: string): ModelVersion | undefined {
  const [name, revision, path] = key.slice(MODEL_KEY.prefix.length).split('/');
  return name && revision && path ? { name, revision } : undefined;
}

/**
 * Determines the state of a model from the sizes of its objects, its manifest and the catalogue.
 */
export function stateOf(
  model: ModelVersion,
  sizes: ReadonlyMap<string, number>,
  manifest?: ModelManifest,
  known?: CatalogueModel,
): { state: ModelState; note?: string } {
  if (manifest === undefined) {
    const some = [...sizes.keys()].some((key) => key.startsWith(MODEL_KEY.folder(model)));
    return some ? { state: 'incomplete', note: 'an upload is not complete' } : { state: 'missing' };
  }
  const gone = manifest.files.find(({ path, size }) => sizes.get(MODEL_KEY.file(model, path)) !== size);
  if (gone !== undefined)
    return { state: 'incomplete', note: `${gone.path} is missing or has a different size` };
  const other = (known?.files ?? []).find(
    ({ path, sha256 }) =>
      sha256 !== null && manifest.files.find((file) => file.path === path)?.sha256 !== sha256,
  );
  return other === undefined
    ? { state: 'present' }
    : { state: 'differs', note: `${other.path} differs from the catalogue` };
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podman } from './podman';

export interface Layer {
  digest: string;
  /** Compressed with zstd, in bytes. */
  bytes: number;
  /** The instruction that made it. */
  madeBy: string;
}

interface Manifest {
  config: { digest: string };
  layers: { digest: string; size: number }[];
}

interface Config {
  history: { created_by: string; empty_layer?: boolean }[];
}

/** The layers of an image as a registry would get them, from the lowest up. */
export async function layersOf(image: string): Promise<Layer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spotscribe-layers-'));
  try {
    await podman('push', '--quiet', '--compression-format=zstd', `localhost/${image}`, `oci:${folder}:x`);
    const blob = <T>(digest: string) =>
      JSON.parse(readFileSync(join(folder, 'blobs', ...digest.split(':')), 'utf8')) as T;
    const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      manifests: { digest: string }[];
    };
    const manifest = blob<Manifest>(manifests[0]?.digest ?? '');
    const made = blob<Config>(manifest.config.digest).history.filter((step) => step.empty_layer !== true);
    return manifest.layers.map(({ digest, size }, index) => ({
      digest,
      bytes: size,
      madeBy: made[index]?.created_by ?? '',
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const total = (layers: Layer[]): number => layers.reduce((sum, { bytes }) => sum + bytes, 0);

/** A table of layers and their sizes, in MB of a million bytes. */
export function report(image: string, layers: Layer[]): string {
  const line = (bytes: number, text: string) => `${(bytes / 1e6).toFixed(1).padStart(9)} MB  ${text}`;
  const short = (text: string) => text.replace(/^\/bin\/sh -c (#\(nop\) +)?/, '').slice(0, 80);
  return [
    `${image}, compressed with zstd:`,
    ...layers.map(({ bytes, madeBy }) => line(bytes, short(madeBy))),
    line(total(layers), 'in all'),
  ].join('\n');
}

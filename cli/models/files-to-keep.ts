import { modelFilePath } from '../../core/models/model-manifest';
import type { HubFile } from './hub';

/** Beside the weights: documentation, samples, other forms of the same weights, and language models for decoding. */
const OF_NO_USE =
  /\.(md|gitattributes|h5|msgpack|onnx|wav|flac|mp3|txt\.gz|arpa|ckpt|pt|tflite|py|png|gif)$/i;

/**
 * Which files of a repository a service may need, where the catalogue does not name them: those at its top. Weights are
 * taken as safetensors where there is a choice, as a pickled checkpoint may run code when it is loaded; and never twice.
 */
export function filesToKeep(files: readonly HubFile[]): HubFile[] {
  const top = files.filter(
    ({ path }) => modelFilePath.safeParse(path).success && !path.includes('/') && !OF_NO_USE.test(path),
  );
  const safe = top.some(({ path }) => path.endsWith('.safetensors') && path !== 'consolidated.safetensors');
  return top.filter(({ path }) => !(safe && path.endsWith('.bin')) && path !== 'consolidated.safetensors');
}

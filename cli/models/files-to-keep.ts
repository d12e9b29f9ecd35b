import { modelFilePath } from '../../core/models/model-manifest';
import type { HubFile } from './hub';

/**
 * Files that services do not need: documentation, samples, other formats of the weights, language
 * models.
 */
const OF_NO_USE =
  /\.(md|gitattributes|h5|msgpack|onnx|wav|flac|mp3|txt\.gz|arpa|ckpt|pt|tflite|py|png|gif)$/i;

/**
 * Selects the files of a repository that a service may need, if the catalogue does not name them.
 * These are files in the top folder. Weights are taken once. Safetensors are preferred, because
 * loading a pickled checkpoint may run code.
 */
export function filesToKeep(files: readonly HubFile[]): HubFile[] {
  const top = files.filter(
    ({ path }) => modelFilePath.safeParse(path).success && !path.includes('/') && !OF_NO_USE.test(path),
  );
  const safe = top.some(({ path }) => path.endsWith('.safetensors') && path !== 'consolidated.safetensors');
  return top.filter(({ path }) => !(safe && path.endsWith('.bin')) && path !== 'consolidated.safetensors');
}

import { modelFilePath } from '../../core/models/model-manifest';
import type { HubFile } from './hub';

/**
 * Files that services do not need: documentation, samples, other formats of the weights, language
 * models.
 */
const OF_NO_USE =
  /\.(md|gitattributes|h5|msgpack|onnx|ot|gguf|xml|wav|flac|mp3|txt\.gz|arpa|ckpt|pt|tflite|py|png|gif)$/i;

/** Folders of the modules of a Sentence Transformers model, such as `1_Pooling` and `2_Dense`. */
const MODULE = /^\d+_[A-Za-z]\w*$/;

/**
 * Selects the files of a repository that a service may need, if the catalogue does not name them.
 * These are files in the top folder and, if `modules.json` exists, in the folders of modules. Other
 * folders have copies for ONNX, OpenVINO or Core ML. Each folder's weights are taken once.
 * Safetensors are preferred, because loading a pickled checkpoint may run code.
 */
export function filesToKeep(files: readonly HubFile[]): HubFile[] {
  const hasModules = files.some(({ path }) => path === 'modules.json');
  const useful = files.filter(
    ({ path }) =>
      modelFilePath.safeParse(path).success &&
      (folderOf(path) === '' || (hasModules && MODULE.test(folderOf(path)))) &&
      !OF_NO_USE.test(path) &&
      // A second copy of Mistral's weights.
      path !== 'consolidated.safetensors',
  );
  const safe = new Set(
    useful.filter(({ path }) => path.endsWith('.safetensors')).map(({ path }) => folderOf(path)),
  );
  return useful.filter(({ path }) => !(path.endsWith('.bin') && safe.has(folderOf(path))));
}

const folderOf = (path: string) => path.split('/').slice(0, -1).join('/');

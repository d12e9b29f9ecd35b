import type { Construct } from 'constructs';
import { Path, type PathInfo, type PathProps, type Service, spotscribeApp } from 'spotscribe';

/** A service of your own. Its code is in the folder `keywords`. */
const keywords: Service = {
  name: 'keywords',
  port: 9000,
  tasks: ['custom'],
  customTask: {
    media_types: ['text/plain'],
    unit: 'character',
    result_type: 'application/json',
    options: {
      type: 'object',
      properties: { words: { type: 'integer', minimum: 1, maximum: 100 } },
      additionalProperties: false,
    },
  },
  memoryMib: 512,
  image: { kind: 'folder', folder: 'keywords' },
  // How a laptop runs it, without the image.
  exec: {
    kind: 'python',
    from: 'app',
    requirements: 'keywords/requirements.txt',
    folders: ['keywords'],
    module: 'keywords_service',
  },
};

/** A path of your own: the stack `Spotscribe-Keywords`. */
class KeywordsPath extends Path {
  static readonly info: PathInfo = {
    id: 'Keywords',
    number: 900,
    summary: 'Keywords of texts',
    services: [{ service: keywords }],
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, KeywordsPath.info, props);
  }
}

spotscribeApp({ paths: [KeywordsPath] }).synth();

import { App } from 'aws-cdk-lib';
import { deployedTasks, voxtral, whisper } from '../../../lib/services';
import { readSettings } from '../../../lib/settings';

const tasks = (service: typeof whisper, spotscribe: object) =>
  deployedTasks([{ service }], readSettings(new App({ context: { spotscribe } }).node, {})).transcription;

test.each([
  [whisper, {}, {}],
  [whisper, { model: 'large-v3' }, {}],
  [whisper, { engine: 'faster-whisper' }, { spoken_tasks: ['transcribe'], languages: ['en'] }],
  [whisper, { model: 'medium.en@1' }, { spoken_tasks: ['transcribe'], languages: ['en'] }],
  [voxtral, {}, { spoken_tasks: ['transcribe'] }],
  [voxtral, { voxtralEngine: 'extractive' }, { spoken_tasks: ['transcribe'], languages: ['en'] }],
])(
  'a deployment tells its handlers what its engine is able to do: $name %j',
  (service, settings, expected) => {
    expect(tasks(service, settings)).toEqual(expected);
  },
);

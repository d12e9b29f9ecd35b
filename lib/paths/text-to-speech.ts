import type { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { TASKS } from '../../core/tasks';
import { speech } from '../services';
import { InPlacePath } from './in-place-path';
import type { PathInfo, PathProps } from './path';

/**
 * Path 600: a voice that reads texts. OpenAI's route for short texts, live with a public load
 * balancer; jobs for long ones, such as books.
 */
export class TextToSpeechPath extends InPlacePath {
  static readonly info: PathInfo = {
    id: 'TextToSpeech',
    number: 600,
    summary: 'Speech of texts on warm spot GPU machines: over HTTP, or of books by a queue',
    // Fixed, so that a security group's rule can name it.
    services: [{ service: speech, hostPort: speech.port }],
  };

  /**
   * @throws SettingsError if the licence of a voice model is not accepted, settings for warm machines
   * or the public load balancer contradict each other, or a balancer would have a single zone
   */
  constructor(scope: Construct, id: string, props: PathProps) {
    const { speechEngine } = props.settings;
    super(scope, id, TextToSpeechPath.info, props, {
      service: speech,
      apiId: 'SpeechApi',
      answers: {
        id: 'CreateSpeech',
        file: 'openai/create-speech',
        description: 'Speaks in place while a machine is warm, otherwise by a job',
        task: TASKS.speech,
        modelVariable: ENV.speechModel,
      },
      // An engine without weights is its own model.
      model: speechEngine === 'espeak-ng' ? speechEngine : undefined,
      streams: true,
    });
  }
}

import { App, type AppProps, Tags } from 'aws-cdk-lib';
import { FoundationStack } from './foundation-stack';
import { PathStack } from './path-stack';
import { PATHS } from './paths';
import { readSettings, SettingsError } from './settings';

/**
 * The foundation and one stack for each path that the settings choose.
 *
 * @throws SettingsError if a setting is wrong
 */
export function spotscribeApp(props?: AppProps): App {
  // Not of itself at the end of the process: an app that a refusal left half built has nothing to say.
  const app = new App({ autoSynth: false, ...props });
  const settings = readSettings(app.node);
  const known = PATHS.map(({ info }) => info.id);
  const unknown = settings.paths.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    throw new SettingsError(
      `Setting "paths" must be among ${known.join(', ')}; got ${JSON.stringify(unknown)}. ` +
        'Set it in cdk.json under context.spotscribe.paths, or with -c spotscribe:paths=<id>,<id>.',
    );
  }
  const foundation = new FoundationStack(app, 'Spotscribe-Foundation', {
    description: 'Spotscribe: network, model cache and image repositories',
    settings,
  });
  for (const path of PATHS.filter(({ info }) => settings.paths.includes(info.id))) {
    new PathStack(app, `Spotscribe-${path.info.id}`, {
      description: `Spotscribe ${path.info.number}: ${path.info.summary}`,
      path,
      foundation,
      settings,
    });
  }
  Tags.of(app).add('app', 'spotscribe');
  return app;
}

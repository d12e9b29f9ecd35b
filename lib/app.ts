import { App, type AppProps, Tags } from 'aws-cdk-lib';
import { FoundationStack } from './foundation-stack';
import { PathStack } from './path-stack';
import { PATHS } from './paths';
import { readSettings, SettingsError } from './settings';

/**
 * Creates the foundation stack and one stack for each path in the settings.
 *
 * @throws SettingsError if a setting is wrong
 */
export function spotscribeApp(props?: AppProps): App {
  // No synthesis at process exit: it would also run for an app that an invalid setting left
  // incomplete.
  const app = new App({ autoSynth: false, ...props });
  const settings = readSettings(app.node);
  const known = PATHS.map(({ info }) => info.id);
  const unknown = settings.paths.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    throw new SettingsError(
      `Setting "paths" must contain only ${known.join(', ')}; got ${JSON.stringify(unknown)}. ` +
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

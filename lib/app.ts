import { App, type AppProps, Tags } from 'aws-cdk-lib';
import { FoundationStack } from './foundation-stack';
import { PathStack } from './path-stack';
import { type PathClass, PATHS } from './paths';
import { readSettings, SettingsError } from './settings';

export interface SpotscribeAppProps extends AppProps {
  /** Paths in addition to those of this package. The setting `paths` chooses among all. @default - none */
  readonly paths?: readonly PathClass[];
}

/**
 * Creates the foundation stack and one stack for each path in the settings.
 *
 * @throws SettingsError if a setting is wrong, or two paths have the same id
 */
export function spotscribeApp({ paths = [], ...props }: SpotscribeAppProps = {}): App {
  // No synthesis at process exit: it would also run for an app that an invalid setting left
  // incomplete.
  const app = new App({ autoSynth: false, ...props });
  const settings = readSettings(app.node);
  const all = [...PATHS, ...paths];
  const known = all.map(({ info }) => info.id);
  const twice = known.find((id, at) => known.indexOf(id) !== at);
  if (twice !== undefined)
    throw new SettingsError(`Paths must have different ids; got "${twice}" twice. Rename your path.`);
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
  for (const path of all.filter(({ info }) => settings.paths.includes(info.id))) {
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

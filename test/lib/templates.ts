import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { spotscribeApp } from '../../lib/app';
import type { Settings } from '../../lib/settings';

type Templates = Record<string, Template>;

/** For templates that nothing deploys: no bundles, and no copies of assets, which took a third of a synthesis. */
export const TEMPLATES_ONLY = { 'aws:cdk:bundling-stacks': [], 'aws:cdk:disable-asset-staging': true };

/** Synthesis takes a second, so tests of a file share templates of the same settings. */
const known = new Map<string, Templates>();

/** The templates of the whole app with these settings, without bundled handlers. */
export function templates(settings: Partial<Settings> = {}): Templates {
  const key = JSON.stringify(settings);
  const made = known.get(key) ?? synthesized(settings);
  known.set(key, made);
  return made;
}

function synthesized(settings: Partial<Settings>): Templates {
  const app: App = spotscribeApp({ context: { spotscribe: settings, ...TEMPLATES_ONLY } });
  const stacks = app.synth().stacks;
  return Object.fromEntries(
    stacks.map((stack) => [stack.stackName, Template.fromJSON(stack.template as Record<string, unknown>)]),
  );
}

/** The template of one path's stack. */
export function pathTemplate(settings: Partial<Settings> = {}, id = 'DockerGpu'): Template {
  const template = templates(settings)[`Spotscribe-${id}`];
  if (template === undefined) throw new Error(`No stack for path ${id}`);
  return template;
}

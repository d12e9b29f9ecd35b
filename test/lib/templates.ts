import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { spotscribeApp } from '../../lib/app';
import type { Settings } from '../../lib/settings';

/** Synthesizes the whole app with these settings, without bundling handlers. */
export function templates(settings: Partial<Settings> = {}) {
  const app: App = spotscribeApp({ context: { spotscribe: settings, 'aws:cdk:bundling-stacks': [] } });
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

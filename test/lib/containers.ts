import type { Settings } from '../../lib/settings';
import { pathTemplate } from './templates';

/** A container in a template. */
export interface Container {
  Name: string;
  Essential: boolean;
  Environment?: { Name: string; Value: unknown }[];
  MountPoints: { SourceVolume: string; ContainerPath: string; ReadOnly: boolean }[];
  MemoryReservation: number;
  DependsOn?: { ContainerName: string; Condition: string }[];
  Links?: string[];
  ResourceRequirements?: unknown;
  RestartPolicy?: { Enabled: boolean; RestartAttemptPeriod?: number };
}

interface Task {
  NetworkMode: string;
  ContainerDefinitions: Container[];
}

const synthesised = new Map<string, Task>();

/** The task of a path in its template. Synthesized once for each combination of settings. */
export function task(settings: Partial<Settings> = {}, path = 'DockerGpu'): Task {
  const key = JSON.stringify([path, settings]);
  const known = synthesised.get(key) ?? synthesise(settings, path);
  synthesised.set(key, known);
  return known;
}

const synthesise = (settings: Partial<Settings>, path: string) =>
  Object.values(
    pathTemplate({ paths: [path], ...settings }, path).findResources('AWS::ECS::TaskDefinition'),
  )[0]?.Properties as Task;

export function container(name: string, settings?: Partial<Settings>, path?: string): Container {
  const found = task(settings, path).ContainerDefinitions.find(({ Name }) => Name === name);
  if (found === undefined) throw new Error(`No container ${name}`);
  return found;
}

export const environment = ({ Environment = [] }: Container): Record<string, unknown> =>
  Object.fromEntries(Environment.map(({ Name, Value }) => [Name, Value]));

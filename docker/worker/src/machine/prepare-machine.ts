import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { MachineSpec } from '../../../../core/contract/machine-spec';
import { ImageConfig } from '../../../../core/machine/image-config';
import { machineFiles } from '../../../../core/machine/systemd/machine-files';
import type { HostImage } from '../../../../core/machine/systemd/process-unit';
import type { Log } from '../log';
import type { PrepareSettings } from '../settings';
import { fetchTree, treeName } from './fetch-tree';

/** File in a tree that says how its image starts. `docker/tree.sh` writes it. */
const IMAGE_CONFIG = '.spotscribe-image.json';

export interface PrepareClients {
  ssm: SSMClient;
  s3: S3Client;
}

/**
 * Fetches the file systems of a machine without containers, and writes the files with which its boot
 * script sets it up: `units/`, `users.conf`, `folders.conf`, `firewall.nft`, `trees` (names of the
 * trees in use) and `version` (of the specification).
 *
 * @throws SpotscribeError `internal` if a file system cannot be fetched
 */
export async function prepareMachine(
  settings: PrepareSettings,
  { ssm, s3 }: PrepareClients,
  log: Log,
): Promise<void> {
  const { machineParameter, treeDir, machineDir } = settings;
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: machineParameter }));
  const spec = MachineSpec.parse(JSON.parse(Parameter?.Value ?? ''));
  const began = Date.now();
  const images = await Promise.all(
    Object.entries(spec.images).map(async ([name, uri]): Promise<[string, HostImage]> => {
      const root = await fetchTree(s3, uri, treeDir);
      log.info({ image: name, ms: Date.now() - began }, 'file system is here');
      return [name, { root, config: await imageConfig(root) }];
    }),
  );
  const { units, ...files } = machineFiles(spec, {
    region: settings.region,
    instanceId: settings.instanceId,
    logGroup: settings.logGroup,
    memoryMib: Math.floor(totalmem() / 2 ** 20),
    driver: (settings.driverFiles ?? '').split(':').filter((file) => file !== ''),
    images: Object.fromEntries(images),
  });
  await rm(machineDir, { recursive: true, force: true });
  await mkdir(join(machineDir, 'units'), { recursive: true });
  const all: Record<string, string> = {
    ...Object.fromEntries(Object.entries(units).map(([name, unit]) => [`units/${name}`, unit])),
    'users.conf': files.users,
    'folders.conf': files.folders,
    'firewall.nft': files.firewall,
    trees: Object.values(spec.images)
      .map((uri) => `${treeName(uri)}\n`)
      .join(''),
    version: String(Parameter?.Version),
  };
  for (const [name, content] of Object.entries(all)) await writeFile(join(machineDir, name), content);
}

const imageConfig = async (root: string): Promise<ImageConfig> =>
  ImageConfig.parse(JSON.parse(await readFile(join(root, IMAGE_CONFIG), 'utf8')));

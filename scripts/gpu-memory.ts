/**
 * Writes `docs/gpu-memory.md`: which models fit on which GPU, computed from the models' figures.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CARDS, type Part } from '../lib/machine/gpu-memory';
import { type Service, SERVICES } from '../lib/services';
import { defaultSettings } from '../lib/settings';

export const MEMORY_FILE = path.resolve(__dirname, '..', 'docs', 'gpu-memory.md');

/** A service with some settings. */
interface Compared {
  name: string;
  service: Service;
  mib: number;
  parts: readonly Part[];
}

/** The settings of all services that are compared. */
const SETTINGS: Compared[] = Object.values(SERVICES).flatMap((service) =>
  Object.entries(service.gpu?.compared ?? {}).map(([name, settings]) => {
    const { mib = 0, parts = [] } = service.gpu?.need(defaultSettings(settings)) ?? {};
    return { name, service, mib, parts };
  }),
);

/** Rows of the table: each alone, and each pair of two services. */
const ROWS: Compared[][] = [
  ...SETTINGS.map((one) => [one]),
  ...SETTINGS.flatMap((one, index) =>
    SETTINGS.slice(index + 1)
      .filter(({ service }) => service !== one.service)
      .map((other) => [one, other]),
  ),
];

const INTRODUCTION = `# Memory of the GPU

GPU memory that the services use while they work, and the remaining memory. \`npm run gpu-memory\` writes this file from
\`lib/machine/gpu-memory.ts\`; a test checks that it is current. Parameters are counted in the published architectures (a test
verifies the counts with Transformers). Batches and windows are those of the services. Figures that are *estimated* or
*reported* (published measurements) are marked. Nothing was measured on a GPU yet.
`;

const gib = (mebibytes: number) => (mebibytes / 1024).toFixed(1);

function verdict(total: number, card: number): string {
  const left = card - total;
  return left >= 0
    ? `fits, ${gib(left)} GiB left (${Math.round((100 * left) / card)} %)`
    : `no: ${gib(-left)} GiB too much`;
}

/** The document as Markdown. */
export function memoryDocument(): string {
  const rows = ROWS.map((together) => {
    const total = together.reduce((sum, { mib }) => sum + mib, 0);
    const name = together.map((each) => each.name).join(' + ');
    return `| ${[name, `${gib(total)} GiB`, ...CARDS.map(({ mebibytes }) => verdict(total, mebibytes))].join(' | ')} |`;
  });
  const cards = CARDS.map(
    ({ name, mebibytes, families }) => `${name} (${families.join(', ')}), ${mebibytes} MiB`,
  );
  return [
    INTRODUCTION,
    `| on the card | needs | ${cards.join(' | ')} |`,
    `| --- | ---: |${CARDS.map(() => ' --- |').join('')}`,
    ...rows,
    '\n## What makes up the needs\n',
    ...SETTINGS.flatMap(({ name, parts }) => [
      `**${name}**\n`,
      '| part | MiB | |',
      '| --- | ---: | --- |',
      ...parts.map(({ what, bytes, known }) => `| ${what} | ${Math.ceil(bytes / 2 ** 20)} | ${known} |`),
      '',
    ]),
  ].join('\n');
}

if (require.main === module) writeFileSync(MEMORY_FILE, memoryDocument());

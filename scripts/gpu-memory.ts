/**
 * Writes `docs/gpu-memory.md`: which models fit on which GPU, computed from the models' figures.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CARDS, needed, type Part, voxtralParts, whisperParts } from '../lib/machine/gpu-memory';

export const MEMORY_FILE = path.resolve(__dirname, '..', 'docs', 'gpu-memory.md');

/** Rows of the table: the processes that share a GPU, by display name. */
const SETTINGS: [string, Part[][]][] = [
  ['Whisper large-v3-turbo', [whisperParts('large-v3-turbo')]],
  ['Whisper large-v3', [whisperParts('large-v3')]],
  ['Whisper medium', [whisperParts('medium')]],
  ['Voxtral float16', [voxtralParts('none')]],
  ['Voxtral nf4', [voxtralParts('nf4')]],
  ['turbo + Voxtral nf4', [whisperParts('large-v3-turbo'), voxtralParts('nf4')]],
  ['medium + Voxtral nf4', [whisperParts('medium'), voxtralParts('nf4')]],
  ['large-v3 + Voxtral nf4', [whisperParts('large-v3'), voxtralParts('nf4')]],
  ['turbo + Voxtral float16', [whisperParts('large-v3-turbo'), voxtralParts('none')]],
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
  const rows = SETTINGS.map(([name, processes]) => {
    const total = processes.map(needed).reduce((sum, each) => sum + each, 0);
    return `| ${[name, `${gib(total)} GiB`, ...CARDS.map(({ mebibytes }) => verdict(total, mebibytes))].join(' | ')} |`;
  });
  const cards = CARDS.map(
    ({ name, mebibytes, families }) => `${name} (${families.join(', ')}), ${mebibytes} MiB`,
  );
  const parts = [
    ['Whisper service, large-v3-turbo', whisperParts('large-v3-turbo')],
    ['Voxtral service, nf4', voxtralParts('nf4')],
    ['Voxtral service, float16', voxtralParts('none')],
  ] as const;
  return [
    INTRODUCTION,
    `| on the card | needs | ${cards.join(' | ')} |`,
    `| --- | ---: |${CARDS.map(() => ' --- |').join('')}`,
    ...rows,
    '\n## What makes up the needs\n',
    ...parts.flatMap(([name, list]) => [
      `**${name}**\n`,
      '| part | MiB | |',
      '| --- | ---: | --- |',
      ...list.map(({ what, bytes, known }) => `| ${what} | ${Math.ceil(bytes / 2 ** 20)} | ${known} |`),
      '',
    ]),
  ].join('\n');
}

if (require.main === module) writeFileSync(MEMORY_FILE, memoryDocument());

import { pythonEnvironment } from '../../local/installation';

/** Makes what every test file needs before any of them runs: two that make it at once would be in each other's way. */
export default async function setUp(): Promise<void> {
  for (const [name, requirements] of [
    ['emulator', 'local/emulator/requirements.txt'],
    ['whisper', 'docker/whisper/requirements.laptop.txt'],
    ['embeddings', 'docker/embeddings/requirements.laptop.txt'],
    ['speech', 'docker/speech/requirements.laptop.txt'],
  ] as const)
    await pythonEnvironment(name, requirements, (text) => process.stderr.write(`${text}\n`));
}

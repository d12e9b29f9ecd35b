import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as ImageContext from '../../lib/images/image-context';

/** Each synthesis writes the contexts of all images, which took half of its time. A file of tests writes each once. */
const folders = new Map<string, string>();

afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

jest.mock('../../lib/images/image-context', () => {
  const actual: typeof ImageContext = jest.requireActual('../../lib/images/image-context');
  const written = (props: ImageContext.ContextProps) => {
    const folder = mkdtempSync(join(tmpdir(), 'spotscribe-image-'));
    actual.writeContext(props, folder);
    return folder;
  };
  const withContext: typeof actual.withContext = (props, use) => {
    // Another root is a copy whose files a test changes.
    if (props.bundle || props.root !== undefined) return actual.withContext(props, use);
    const key = props.images.join();
    const folder = folders.get(key) ?? written(props);
    folders.set(key, folder);
    return use(folder);
  };
  return { ...actual, withContext };
});

import { KnownKeys } from '../../../docker/worker/src/http/known-keys';
import { hashApiKey, newApiKey } from '../../../core/keys/api-key';
import type { KeyRow } from '../../../core/contract/usage';
import { until } from '../../until';

const rowOf = (key: string): KeyRow => ({
  key_sha256: hashApiKey(key),
  id: 'key_1',
  tenant: 'acme',
  name: 'laptop',
  created_at: '2026-03-01T12:00:00.000Z',
});
const header = (key: string) => `Bearer ${key}`;

describe('keys of requests to the machine', () => {
  const key = newApiKey();
  let rows: Map<string, KeyRow>;
  let asked: string[];
  beforeEach(() => {
    rows = new Map([[hashApiKey(key), rowOf(key)]]);
    asked = [];
  });
  const find = (sha256: string) => {
    asked.push(sha256);
    return Promise.resolve(rows.get(sha256));
  };

  test('are looked up by their hash, once while the answer is cached, valid or not', async () => {
    const keys = new KnownKeys({ find });
    const stranger = newApiKey();
    for (let each = 0; each < 3; each++) {
      expect((await keys.holder(header(key)))?.tenant).toBe('acme');
      expect(await keys.holder(header(stranger))).toBeUndefined();
    }
    expect(asked).toEqual([hashApiKey(key), hashApiKey(stranger)]);
  });

  test('are not looked up if their format is not valid', async () => {
    const keys = new KnownKeys({ find });
    for (const other of [undefined, '', 'Bearer', `Basic ${key}`, 'Bearer sk-openai-1', `Bearer ${key} x`])
      expect(await keys.holder(other)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test('are refused after a revocation when the cached answer expires; new keys are then accepted', async () => {
    const keys = new KnownKeys({ find, ttlMs: 20 });
    const later = newApiKey();
    expect(await keys.holder(header(key))).toBeDefined();
    expect(await keys.holder(header(later))).toBeUndefined();
    rows = new Map([[hashApiKey(later), rowOf(later)]]);
    await until(async () => (await keys.holder(header(key))) === undefined, 'the revoked key is refused');
    await until(async () => (await keys.holder(header(later))) !== undefined, 'the new key is let in');
  });

  test('are looked up once for concurrent requests', async () => {
    const keys = new KnownKeys({ find });
    const holders = await Promise.all(Array.from({ length: 5 }, () => keys.holder(header(key))));
    expect(holders.map((each) => each?.id)).toEqual(Array(5).fill('key_1'));
    expect(asked).toHaveLength(1);
  });

  test('are cached up to a limit, the latest ones', async () => {
    const keys = new KnownKeys({ find, most: 2 });
    const [first, second, third] = [newApiKey(), newApiKey(), newApiKey()];
    for (const each of [first, second, third, third, second, first]) await keys.holder(header(each));
    expect(asked).toEqual([first, second, third, first].map(hashApiKey));
  });

  test('that are unknown use a limited number of concurrent look-ups, and cached keys need none', async () => {
    const waiting: (() => void)[] = [];
    const keys = new KnownKeys({
      find: async (sha256) => {
        if (!rows.has(sha256)) await new Promise<void>((resolve) => waiting.push(resolve));
        return rows.get(sha256);
      },
      mostLookups: 2,
    });
    await keys.holder(header(key));
    const strangers = [keys.holder(header(newApiKey())), keys.holder(header(newApiKey()))];
    await expect(keys.holder(header(newApiKey()))).rejects.toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
    });
    expect(await keys.holder(header(key))).toBeDefined();
    waiting.forEach((answer) => answer());
    expect(await Promise.all(strangers)).toEqual([undefined, undefined]);
  });

  test('that cannot be looked up return 503, and are looked up again', async () => {
    let fails = true;
    const keys = new KnownKeys({
      find: (sha256) => (fails ? Promise.reject(new Error('throttled')) : find(sha256)),
    });
    await expect(keys.holder(header(key))).rejects.toMatchObject({ status: 503, code: 'busy' });
    fails = false;
    expect(await keys.holder(header(key))).toBeDefined();
  });
});

const { version } = require('esbuild');

/** Here, and not in the transform, because jest compiles anew when its configuration changes. */
const options = {
  ...{ loader: 'ts', format: 'cjs', platform: 'node', target: 'es2023', sourcemap: 'inline' },
  // The sandbox has no `import()`: it becomes a `require`.
  supported: { 'dynamic-import': false },
};

/**
 * Found as parameters of each module, instead of in the sandbox's global object, which answers slowly: with them the
 * search for evidence takes a fifth of the time. No test may replace these.
 */
const sandboxInjectedGlobals =
  'Array Error JSON Map Math Number Object Promise RegExp Set String Symbol Uint16Array Uint8Array'.split(
    ' ',
  );

/** Packages that are published as ES modules only. */
const modules = [
  ...['p-limit', 'yocto-queue'],
  ...['music-metadata', 'strtok3', 'token-types', 'file-type', 'media-typer', 'win-guid'],
  ...['@borewit/text-codec', '@tokenizer/inflate', 'uint8array-extras'],
];

const base = {
  testEnvironment: 'node',
  transform: { '^.+\\.[jt]sx?$': ['<rootDir>/test/transform.js', { version, options }] },
  transformIgnorePatterns: [`/node_modules/(?!(${modules.join('|')})/)`],
  // Their `exports` have no entry for `require`.
  moduleNameMapper: {
    '^music-metadata$': '<rootDir>/node_modules/music-metadata/lib/core.js',
    '^file-type$': '<rootDir>/node_modules/file-type/core.js',
  },
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.spotscribe'],
  setupFiles: ['<rootDir>/test/no-real-aws.ts'],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...base,
      displayName: 'unit',
      sandboxInjectedGlobals,
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/e2e/', '<rootDir>/test/images/', '<rootDir>/test/boot/'],
      setupFilesAfterEnv: ['<rootDir>/test/patience.ts', '<rootDir>/test/lib/contexts-once.ts'],
      snapshotSerializers: ['<rootDir>/test/mask-hashes.ts'],
    },
    {
      ...base,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      globalSetup: '<rootDir>/test/e2e/set-up.ts',
      setupFilesAfterEnv: ['<rootDir>/test/e2e/patience.ts'],
    },
    { ...base, displayName: 'images', testMatch: ['<rootDir>/test/images/**/*.test.ts'] },
    { ...base, displayName: 'boot', testMatch: ['<rootDir>/test/boot/**/*.test.ts'] },
  ],
};

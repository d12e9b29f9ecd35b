const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.[jt]sx?$': [
      'ts-jest',
      {
        diagnostics: false,
        tsconfig: {
          module: 'commonjs',
          moduleResolution: 'node10',
          target: 'es2023',
          allowJs: true,
          esModuleInterop: true,
          isolatedModules: true,
          ignoreDeprecations: '6.0',
        },
      },
    ],
  },
  // Packages that are published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(p-limit|yocto-queue)/)'],
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.spotscribe'],
  setupFiles: ['<rootDir>/test/no-real-aws.ts'],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/e2e/', '<rootDir>/test/images/', '<rootDir>/test/boot/'],
      setupFilesAfterEnv: ['<rootDir>/test/patience.ts'],
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

// Which room may import which, and that no imports run in a circle. `npm run check` runs it.

/** Files of these folders may import one another, and nothing else of ours. */
const only = (name, from, ...allowed) => ({
  name,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: '^(bench|bin|cli|core|docker|lambda|lib|local|scripts|test)/',
    pathNot: allowed.map((folder) => `^${folder}(/|$)`),
  },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    only('core-stands-alone', 'core', 'core'),
    only('handlers-know-core', 'lambda', 'core', 'lambda'),
    only('the-worker-knows-core', 'docker/worker', 'core', 'docker/worker'),
    // Of the services it reads the catalogue of models, which is data.
    only('constructs-know-core', 'lib', 'core', 'lib', 'docker/models.json'),
    only('the-laptop-knows-core', 'local', 'core', 'local'),
    only('the-command-line-knows-no-handler', 'cli', 'cli', 'core', 'lib', 'local'),
    {
      name: 'core-knows-no-cdk',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: 'node_modules/(aws-cdk-lib|constructs)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.venv|\\.spotscribe|cdk\\.out)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Types count, too: who reads the code follows them.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};

/** Snapshot serializer: asset hashes change with every edit of a handler and say nothing about a stack. */
const HASH = /[a-f0-9]{64}/;

module.exports = {
  test: (value: unknown) => typeof value === 'string' && HASH.test(value),
  serialize: (value: string) => JSON.stringify(value.replace(new RegExp(HASH, 'g'), '<hash>')),
};

/** Snapshot serializer: hashes of assets and images change with every edit of a source and say nothing about a stack. */
const HASH = /[a-f0-9]{64}|(?<=^:)[a-f0-9]{12}(-[a-f0-9]{12})+$/;

module.exports = {
  test: (value: unknown) => typeof value === 'string' && HASH.test(value),
  serialize: (value: string) => JSON.stringify(value.replace(new RegExp(HASH, 'g'), '<hash>')),
};

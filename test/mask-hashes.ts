/** Snapshot serializer: parts that change with every edit of a source, and say nothing about a stack. */
const HASH = /[a-f0-9]{64}|(?<=^:)[a-f0-9]{12}(-[a-f0-9]{12})+$/;
/** A boot script after its variables. It has tests of its own. */
const SCRIPT = /(?<=\n)# The part that the boot scripts[^]*/;

module.exports = {
  test: (value: unknown) => typeof value === 'string' && (HASH.test(value) || SCRIPT.test(value)),
  serialize: (value: string) =>
    JSON.stringify(value.replace(SCRIPT, '<script>').replace(new RegExp(HASH, 'g'), '<hash>')),
};

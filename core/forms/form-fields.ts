import { FormError } from './form-error';
import type { Part } from './part-headers';
import { shown } from '../contract/text';

/**
 * The text fields of a form, by name without brackets. Values keep their order. Empty values are
 * left out, because browsers send them for empty inputs.
 */
export type FormFields = ReadonlyMap<string, readonly string[]>;

/** Most fields of a form. */
const MOST_FIELDS = 200;

/** `name`, `name[]`, `name[0]` or `name[key]`. */
const NAME = /^([^[\]]+)(?:\[([^[\]]*)\])?$/;
const INDEX = /^\d{1,4}$/;

/** The name of a field without its brackets. */
const plainName = (name: string): string => name.split('[', 1)[0] ?? '';

/** Collects the text fields of a form. Each field has its own size limit. */
export class FieldCollector {
  private readonly found: { name: string; value: string }[] = [];
  private chunks: Buffer[] = [];
  private bytes = 0;
  private name = '';

  /**
   * @param mostBytes size limit of a field, by its name without brackets; undefined for an unknown
   *   field
   */
  constructor(private readonly mostBytes: (name: string) => number | undefined) {}

  begin({ name }: Part): void {
    if (this.found.length >= MOST_FIELDS)
      throw new FormError(`The form has more than ${MOST_FIELDS} fields: send fewer`);
    this.name = name;
    this.chunks = [];
    this.bytes = 0;
  }

  add(chunk: Buffer): void {
    const most = this.mostBytes(plainName(this.name));
    if (most === undefined) throw new FormError(`${shown(this.name)} is not a known field`, this.name);
    this.bytes += chunk.length;
    if (this.bytes > most)
      throw new FormError(`${shown(this.name)} must be at most ${most} bytes: shorten it`, this.name);
    this.chunks.push(chunk);
  }

  end(): void {
    try {
      const value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        Buffer.concat(this.chunks),
      );
      this.found.push({ name: this.name, value });
    } catch {
      throw new FormError(`${shown(this.name)} is not valid UTF-8: send it in UTF-8`, this.name);
    }
  }

  /**
   * The fields by name without brackets. A list is sent as `name` or `name[]`, once for each entry,
   * or as `name[0]`, `name[1]` in any order. An object is sent as `name[key]` and converted to
   * JSON, or as JSON.
   *
   * @throws FormError if a field is sent in two of these ways, or repeats an index or a key
   */
  fields(): FormFields {
    const groups = new Map<string, { name: string; key: string | undefined; value: string }[]>();
    for (const { name, value } of this.found) {
      const [, plain, key] = NAME.exec(name) ?? [];
      if (plain === undefined) throw new FormError(`${shown(name)} is not a known field`, name);
      if (value !== '') groups.set(plain, [...(groups.get(plain) ?? []), { name, key, value }]);
    }
    return new Map([...groups].map(([plain, group]) => [plain, valuesOf(plain, group)]));
  }
}

function valuesOf(
  plain: string,
  group: readonly { name: string; key: string | undefined; value: string }[],
): string[] {
  const keyed = group.filter(({ key = '' }) => key !== '');
  if (keyed.length === 0) return group.map(({ value }) => value);
  const isList = keyed.every(({ key = '' }) => INDEX.test(key));
  if (keyed.length < group.length || (!isList && keyed.some(({ key = '' }) => INDEX.test(key))))
    throw new FormError(
      `${shown(plain)} is sent in two ways: send all of it as ${shown(`${plain}[]`)}`,
      plain,
    );
  const byKey = new Map(keyed.map(({ key = '', value }) => [isList ? String(Number(key)) : key, value]));
  if (byKey.size < keyed.length)
    throw new FormError(`${shown(plain)} repeats an index or a key: send each once`, plain);
  if (!isList) return [JSON.stringify(Object.fromEntries(byKey))];
  return [...byKey].sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}

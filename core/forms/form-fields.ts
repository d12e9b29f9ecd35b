import { FormError } from './form-error';
import type { Part } from './part-headers';
import { shown } from '../contract/text';

/** The text fields of a form by plain name, in the order of their values. Empty values are left out, as browsers send them. */
export type FormFields = ReadonlyMap<string, readonly string[]>;

/** More fields than anybody means. */
const MOST_FIELDS = 200;

/** `name`, `name[]`, `name[0]` or `name[key]`. */
const NAME = /^([^[\]]+)(?:\[([^[\]]*)\])?$/;
const INDEX = /^\d{1,4}$/;

/** The name of a field without what is in brackets. */
const plainName = (name: string): string => name.split('[', 1)[0] ?? '';

/** Collects the text fields of a form, each within its own bound. */
export class FieldCollector {
  private readonly found: { name: string; value: string }[] = [];
  private chunks: Buffer[] = [];
  private bytes = 0;
  private name = '';

  /** @param mostBytes of a field, by its plain name; undefined for one that is not known */
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
      throw new FormError(`${shown(this.name)} is not UTF-8: send it so`, this.name);
    }
  }

  /**
   * The fields by plain name. A list comes as `name` or `name[]` once for each entry, or as `name[0]`, `name[1]` in any order;
   * an object as `name[key]`, and becomes JSON, as which it may come as well.
   *
   * @throws FormError naming a field that comes in two of these ways, or twice with one number or key
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
    throw new FormError(`${shown(plain)} comes in two ways: send all of it as ${shown(`${plain}[]`)}`, plain);
  const byKey = new Map(keyed.map(({ key = '', value }) => [isList ? String(Number(key)) : key, value]));
  if (byKey.size < keyed.length)
    throw new FormError(`${shown(plain)} has one of its numbers or keys twice: send each once`, plain);
  if (!isList) return [JSON.stringify(Object.fromEntries(byKey))];
  return [...byKey].sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}

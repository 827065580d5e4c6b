import { isDeepStrictEqual } from 'node:util';

/** As much of JSON Schema draft 7 as zod writes. */
export interface Schema {
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

/** They tell people something and readers nothing. */
const ANNOTATIONS = new Set(['$schema', '$id', 'id', 'title', 'description', 'examples', 'deprecated', 'definitions']);
const ONE_SCHEMA = new Set(['items', 'additionalItems', 'additionalProperties', 'propertyNames', 'not']);
const SCHEMA_LISTS = new Set(['anyOf', 'oneOf', 'allOf']);

/**
 * What keeps the current schema of a published version from being the published one, in sentences; none when all it did was
 * gain optional fields.
 *
 * Both directions count, because during a deployment old readers meet new events, and ever after new readers meet old ones
 * from retries and dead letters. So an enum may neither lose a value (old events hold it) nor gain one (old readers refuse the
 * whole event): a new value is a new version, or a new optional field beside the old one.
 */
export function breakingChanges(published: Schema, current: Schema): string[] {
  const compared = new Set<string>();

  function compare(before: Schema, after: Schema, path: string): string[] {
    if (before.$ref ?? after.$ref) {
      // Named shapes may hold themselves.
      const pair = `${before.$ref ?? path} ${after.$ref ?? path}`;
      if (compared.has(pair)) return [];
      compared.add(pair);
      return compare(resolve(published, before), resolve(current, after), path);
    }
    const keywords = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keywords].flatMap((keyword) => compareKeyword(keyword, before, after, path));
  }

  function compareKeyword(keyword: string, before: Schema, after: Schema, path: string): string[] {
    if (ANNOTATIONS.has(keyword) || keyword === 'required') return [];
    if (keyword === 'properties') return compareFields(before, after, path);
    const [was, is] = [before[keyword], after[keyword]];
    if (ONE_SCHEMA.has(keyword) && isSchema(was) && isSchema(is)) return compare(was, is, `${path}[${keyword}]`);
    if (SCHEMA_LISTS.has(keyword) && Array.isArray(was) && Array.isArray(is) && was.length === is.length) {
      return was.flatMap((one: Schema, i) => compare(one, is[i] as Schema, `${path}[${keyword} ${i}]`));
    }
    const same = keyword === 'enum' ? isDeepStrictEqual(sorted(was), sorted(is)) : isDeepStrictEqual(was, is);
    return same ? [] : [`${path}: ${keyword} was ${JSON.stringify(was)} and is ${JSON.stringify(is)}`];
  }

  function compareFields(before: Schema, after: Schema, path: string): string[] {
    const [was, is] = [before.properties ?? {}, after.properties ?? {}];
    const names = new Set([...Object.keys(was), ...Object.keys(is)]);
    return [...names].flatMap((name) => {
      const at = `${path}.${name}`;
      const [old, now] = [was[name], is[name]];
      const [wasRequired, isRequired] = [before, after].map((schema) => schema.required?.includes(name) ?? false);
      if (!now) return [`${at} is gone`];
      if (!old) {
        if (isRequired) return [`${at} is new and not optional`];
        return before['additionalProperties'] === false
          ? [`${at} is new, and old readers refuse what they do not know`]
          : [];
      }
      const presence = wasRequired === isRequired ? [] : [`${at} is ${isRequired ? 'no longer' : 'now'} optional`];
      return [...presence, ...compare(old, now, at)];
    });
  }

  return compare(published, current, 'data');
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const sorted = (values: unknown) =>
  Array.isArray(values) ? values.map((value) => JSON.stringify(value)).sort() : values;

/** Follows `#` and `#/definitions/<name>`; what stands beside a reference only annotates it. */
function resolve(document: Schema, schema: Schema): Schema {
  if (!schema.$ref) return schema;
  const target = schema.$ref === '#' ? document : document.definitions?.[schema.$ref.replace('#/definitions/', '')];
  if (!target) throw new Error(`There is no ${schema.$ref}`);
  return resolve(document, target);
}

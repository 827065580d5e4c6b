import { z } from 'zod';

/**
 * A personal value as it travels: ciphertext. A handler that is declared with `decrypt: true` gets the value instead; any
 * other can hand this on or keep it, and nothing else.
 */
export class Sealed<Plain = unknown> {
  declare protected readonly plain: Plain;

  constructor(readonly ciphertext: string) {}

  toJSON(): string {
    return this.ciphertext;
  }

  toString(): string {
    return '[encrypted]';
  }
}

/** What a value is once its personal fields are decrypted. */
export type Decrypted<T> = T extends string
  ? T // first of all: an OpenWord counts as an object, too
  : T extends Sealed<infer Plain>
    ? Plain
    : T extends object
      ? { [Key in keyof T]: Decrypted<T[Key]> }
      : T;

export type PersonalSchema<Schema extends z.ZodType> = z.ZodType<
  Sealed<z.output<Schema>>,
  z.input<Schema> | Sealed<z.output<Schema>>
>;

const isSealed = z.instanceof(Sealed);

/**
 * Marks a field that holds what a person wrote or who they are. The outbox encrypts it, so that broker, outbox, parked
 * events and dead letters hold ciphertext only, and a handler reads it by `@Handles(Event, { decrypt: true })`.
 * Stands inside `.optional()`: `personal(z.string()).optional()`.
 */
export const personal = <Schema extends z.ZodType>(schema: Schema): PersonalSchema<Schema> =>
  z.union([schema, isSealed]).meta({ personal: true }) as unknown as PersonalSchema<Schema>;

/** A way into the data of an event; `*` stands for each element of a list. */
export type FieldPath = readonly string[];

/** Where data of this schema holds personal values. */
export function personalFieldsOf(schema: z.ZodType): FieldPath[] {
  return fieldsOf(schema, [], []);
}

function fieldsOf(schema: z.ZodType, at: FieldPath, within: readonly z.ZodType[]): FieldPath[] {
  if (z.globalRegistry.get(schema)?.['personal']) {
    const itself = within.find((outer, i) => within.indexOf(outer) !== i);
    if (itself) throw new Error(`personal() cannot stand inside a shape that holds itself (${at.join('.')})`);
    return [at];
  }
  // A shape that holds itself is looked at twice: what is personal in it would be at any depth.
  if (within.filter((outer) => outer === schema).length > 1) return [];
  const inside = [...within, schema];
  const { def } = schema as unknown as { def: AnyDef };
  if (def.innerType) return fieldsOf(def.innerType, at, inside);
  if (def.element) return fieldsOf(def.element, [...at, '*'], inside);
  if (def.shape) return Object.entries(def.shape).flatMap(([name, field]) => fieldsOf(field, [...at, name], inside));
  for (const part of [...(def.options ?? []), ...(def.items ?? []), def.valueType, def.left, def.right, def.in]) {
    if (part && fieldsOf(part, at, inside).length > 0)
      throw new Error(`personal() cannot stand inside a ${def.type} (${at.join('.')}): mark the whole field`);
  }
  return [];
}

/** The parts of zod's definitions that hold other schemas. */
interface AnyDef {
  type: string;
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  element?: z.ZodType;
  options?: z.ZodType[];
  items?: z.ZodType[];
  valueType?: z.ZodType;
  left?: z.ZodType;
  right?: z.ZodType;
  in?: z.ZodType;
}

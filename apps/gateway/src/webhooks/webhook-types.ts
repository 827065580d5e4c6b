import { type CloudEvent, type EventDefinition, events, publishedSchema, Sealed } from '@switchboard/contracts';

/** What webhooks can tell of: an event of the contracts, by its name without the version. */
export interface WebhookType {
  readonly type: string;
  /** `v1` */
  readonly apiVersion: string;
  readonly definition: EventDefinition;
}

/**
 * What services ask of each other, and how a person is erased, is nobody's business outside. An event about the delivery of events
 * would lead to another one without end, and a ping goes to the endpoint that is tried out.
 */
const KEPT_INSIDE =
  /-requested$|\.erasure\.requested$|\.person\.erased$|^gateway\.webhook-delivery\.|\.webhook-endpoint\.pinged$/;

const splitName = (name: string) => /^(.+)\.(v\d+)$/.exec(name)!.slice(1) as [type: string, apiVersion: string];

const byName = new Map<string, WebhookType>(
  events.flatMap((definition) => {
    const [type, apiVersion] = splitName(definition.type);
    return KEPT_INSIDE.test(type) ? [] : [[definition.type, { type, apiVersion, definition }]];
  }),
);

/** All there are, each with its newest version. */
export const webhookTypes: ReadonlyMap<string, WebhookType> = new Map(
  [...byName.values()].map((each) => [each.type, each]),
);

/** Undefined for what is kept inside, and for what only a newer version of the gateway knows: which of its fields are personal? */
export const webhookTypeOf = (event: CloudEvent): WebhookType | undefined => byName.get(event.type);

export const describeType = ({ type, apiVersion, definition }: WebhookType) => {
  const { properties = {} } = publishedSchema(definition);
  const personal = new Set(definition.personal.filter((path) => path.length === 1).map(([field]) => field));
  const fields = Object.keys(properties).filter((name) => !personal.has(name));
  return { type, apiVersion, summary: definition.summary, fields, hasBot: fields.includes('botId') };
};

/**
 * What an event says to people outside: what its contract names and does not mark as personal. A thin one holds ids and other simple
 * values only.
 * @returns undefined when the data is not what the contract says
 */
export function contentOf({ definition }: WebhookType, data: unknown, content: 'thin' | 'full'): object | undefined {
  const parsed = definition.schema.safeParse(data);
  if (!parsed.success) return undefined;
  const impersonal = definition.personal.reduce<unknown>((all, path) => without(all, path), parsed.data);
  // Whatever is encrypted stays inside, marked or not.
  const open = withoutSealed(impersonal) as Record<string, unknown>;
  if (content === 'full') return open;
  return Object.fromEntries(Object.entries(open).filter(([, value]) => typeof value !== 'object' || value === null));
}

function without(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || name === undefined) return value;
  if (Array.isArray(value)) return name === '*' ? value.map((item) => without(item, rest)) : value;
  const { [name]: inner, ...others } = value as Record<string, unknown>;
  if (rest.length === 0 || inner === undefined) return others;
  return { ...others, [name]: without(inner, rest) };
}

function withoutSealed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.filter((item) => !(item instanceof Sealed)).map(withoutSealed);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (inner instanceof Sealed ? [] : [[name, withoutSealed(inner)]])),
  );
}

import { fractionDigitsOf } from '@switchboard/contracts';
import { z } from 'zod';
import { type CloudOffer, CloudRefused, type CloudServer, CloudUnavailable, defineCloud } from './cloud';

const Server = z.looseObject({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  created: z.coerce.date(),
  labels: z.record(z.string(), z.string()),
  public_net: z.looseObject({ ipv4: z.looseObject({ ip: z.string() }).nullish() }),
  server_type: z.looseObject({ name: z.string() }),
  location: z.looseObject({ name: z.string() }),
});
type Server = z.output<typeof Server>;

const Paged = z.looseObject({ pagination: z.looseObject({ next_page: z.int().nullable() }) });
const Servers = z.looseObject({ servers: z.array(Server), meta: Paged });
const Price = z.looseObject({ net: z.string().regex(/^\d{1,9}(\.\d{1,10})?$/) });
const Prices = z.array(
  z.looseObject({ location: z.string(), price_monthly: Price, included_traffic: z.number().nullish() }),
);
const ServerTypes = z.looseObject({
  server_types: z.array(
    z.looseObject({
      name: z.string(),
      cores: z.int(),
      /** In GiB. */
      memory: z.number(),
      architecture: z.string(),
      prices: Prices,
      locations: z.array(
        z.looseObject({
          name: z.string(),
          available: z.boolean().default(true),
          deprecation: z.looseObject({ unavailable_after: z.coerce.date() }).nullish(),
        }),
      ),
    }),
  ),
  meta: Paged,
});
const Locations = z.looseObject({
  locations: z.array(z.looseObject({ name: z.string(), country: z.string(), city: z.string() })),
});
const Pricing = z.looseObject({
  pricing: z.looseObject({
    currency: z.string().length(3),
    primary_ips: z.array(z.looseObject({ type: z.string(), prices: Prices })),
  }),
});
const Problem = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string() }) });

const STATES: Readonly<Record<string, CloudServer['state']>> = {
  initializing: 'making',
  starting: 'making',
  rebuilding: 'making',
  running: 'running',
  off: 'stopped',
  stopping: 'stopped',
  deleting: 'going',
};

/** Codes that say: not now. `conflict` asks to be asked again. */
const PASSING = ['conflict', 'locked', 'rate_limit_exceeded', 'maintenance', 'robot_unavailable'];
const SOLD_OUT = ['resource_unavailable', 'placement_error'];
const PAGE_SIZE = 50;

/** Source: hetznercloud/hcloud-go, 2026-08, and docs.hetzner.cloud, API v1. */
export const hetzner = defineCloud({
  kind: 'hetzner',
  apiRoot: 'https://api.hetzner.cloud/v1',
  settings: z.strictObject({
    image: z.string().default('debian-13').describe('The system of a new server; it has to know cloud-init.'),
    sshKeys: z.array(z.string()).default([]).describe('Names of keys in the project by which staff get in.'),
    label: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
      .default('switchboard')
      .describe('Marks our servers among those of the project: different for each installation that shares one.'),
  }),
  secrets: ['token'],

  create({ settings: { image, sshKeys, label }, secret, apiRoot, policy }) {
    /** Undefined: there is no such thing. */
    async function ask<Schema extends z.ZodType>(
      operation: string,
      schema: Schema,
      { method = 'GET', path, body }: { method?: string; path: string; body?: object },
      signal: AbortSignal,
    ): Promise<z.output<Schema> | undefined> {
      const once = async (signal: AbortSignal) => {
        const response = await fetch(`${apiRoot}${path}`, {
          method,
          headers: {
            ...{ accept: 'application/json', authorization: `Bearer ${secret('token') ?? ''}` },
            ...(body && { 'content-type': 'application/json' }),
          },
          ...(body && { body: JSON.stringify(body) }),
          redirect: 'manual',
          signal,
        }).catch(unreachable);
        const text = await response.text().catch(unreachable);
        if (response.status >= 500) throw new CloudUnavailable('failed', `Hetzner has failed (${response.status})`);
        if (response.status === 429) throw new CloudUnavailable('busy', 'Hetzner asks to be asked less (429)');
        const read = (response.ok ? schema : Problem).safeParse(jsonOf(text));
        if (!read.success)
          throw new CloudUnavailable('unintelligible', `what answers is not Hetzner's API (${response.status})`);
        if (response.ok) return read.data as z.output<Schema>;
        const { code, message } = (read.data as z.output<typeof Problem>).error;
        if (code === 'not_found' && method !== 'POST') return undefined;
        throw errorOf(response.status, code, message);
      };
      // By its name a server is made once, however often it is asked for.
      return policy.call(operation, once, { idempotent: true, signal });
    }

    async function* servers(query: Record<string, string>, signal: AbortSignal): AsyncGenerator<Server> {
      for (let page: number | null = 1; page !== null;) {
        const asked: URLSearchParams = new URLSearchParams({
          ...query,
          page: String(page),
          per_page: String(PAGE_SIZE),
        });
        const answer: z.output<typeof Servers> = (await ask('list', Servers, { path: `/servers?${asked}` }, signal))!;
        yield* answer.servers;
        page = answer.meta.pagination.next_page;
      }
    }

    async function find(name: string, signal: AbortSignal): Promise<Server | undefined> {
      for await (const server of servers({ name }, signal)) if (server.name === name) return server;
      return undefined;
    }
    const isOurs = ({ labels }: Server) => labels[MARK] === label;
    const ours = (server: Server): CloudServer => {
      if (isOurs(server)) return serverOf(server);
      throw new CloudRefused('invalid', `somebody else has a server with the name ${server.name} in the project`);
    };

    return {
      async create({ name, plan, location, userData }, signal) {
        const before = await find(name, signal);
        if (before) return ours(before);
        const body = {
          ...{ name, server_type: plan, location, image, user_data: userData, ssh_keys: sshKeys },
          ...{ labels: { [MARK]: label }, start_after_create: true },
        };
        try {
          // With it comes a password of root where no key is named; nobody is told of it, and nobody keeps it.
          const made = await ask(
            'create',
            z.looseObject({ server: Server }),
            { method: 'POST', path: '/servers', body },
            signal,
          );
          return serverOf(made!.server);
        } catch (error) {
          // Made by a call that was not answered, or by one at the same moment.
          const found = error instanceof NameIsTaken ? await find(name, signal) : undefined;
          if (found) return ours(found);
          throw error;
        }
      },

      async read(name, signal) {
        const found = await find(name, signal);
        return found && isOurs(found) ? serverOf(found) : undefined;
      },

      async remove(name, signal) {
        const found = await find(name, signal);
        if (!found || !isOurs(found) || found.status === 'deleting') return;
        await ask('remove', z.unknown(), { method: 'DELETE', path: `/servers/${found.id}` }, signal);
      },

      async *list(signal) {
        for await (const server of servers({ label_selector: `${MARK}=${label}` }, signal)) yield serverOf(server);
      },

      async offers(signal) {
        const types: z.output<typeof ServerTypes>['server_types'] = [];
        for (let page: number | null = 1; page !== null;) {
          const path: string = `/server_types?page=${page}&per_page=${PAGE_SIZE}`;
          const answer: z.output<typeof ServerTypes> = (await ask('offers', ServerTypes, { path }, signal))!;
          types.push(...answer.server_types);
          page = answer.meta.pagination.next_page;
        }
        const { locations } = (await ask('offers', Locations, { path: `/locations?per_page=${PAGE_SIZE}` }, signal))!;
        const { pricing } = (await ask('offers', Pricing, { path: '/pricing' }, signal))!;
        const ofAddress = pricing.primary_ips.find(({ type }) => type === 'ipv4')?.prices ?? [];
        return types
          .filter(({ architecture }) => architecture === 'x86')
          .flatMap(({ name: plan, cores, memory, prices, locations: places }) =>
            places.flatMap(({ name: location, available, deprecation }): CloudOffer | [] => {
              const at = locations.find((one) => one.name === location);
              const price = prices.find((one) => one.location === location);
              if (!available || (deprecation && deprecation.unavailable_after <= new Date()) || !at || !price)
                return [];
              const address = ofAddress.find((one) => one.location === location)?.price_monthly.net ?? '0';
              return {
                ...{ plan, location, country: at.country.toLowerCase(), city: at.city, cores },
                memoryBytes: memory * 1024 ** 3,
                trafficBytes: price.included_traffic || null,
                monthly: {
                  amountMinor: sumOf([price.price_monthly.net, address], pricing.currency),
                  currency: pricing.currency,
                },
              };
            }),
          );
      },
    };
  },
});

/** Of labels. */
const MARK = 'managed-by';

class NameIsTaken extends CloudRefused {}

function errorOf(status: number, code: string, message: string): Error {
  const words = `${message} (${code})`;
  if (status === 401 || code === 'forbidden' || code === 'token_readonly')
    return new CloudUnavailable('unauthorized', `Hetzner does not let the token do that: ${words}`);
  if (PASSING.includes(code)) return new CloudUnavailable('busy', words);
  if (code === 'uniqueness_error') return new NameIsTaken('invalid', words);
  if (SOLD_OUT.includes(code)) return new CloudRefused('sold-out', words);
  return new CloudRefused(code === 'resource_limit_exceeded' ? 'limit' : 'invalid', words);
}

function serverOf({ name, status, created, public_net: { ipv4 }, server_type, location }: Server): CloudServer {
  return {
    ...{ name, state: STATES[status] ?? 'unknown', plan: server_type.name, location: location.name },
    ...{ address: ipv4?.ip ?? null, createdAt: created },
  };
}

/** Ten digits behind the point are more than any currency has: exactly added, and rounded up once. */
function sumOf(prices: readonly string[], currency: string): number {
  const tiny = prices.map((price) => {
    const [whole, fraction = ''] = price.split('.');
    return BigInt(whole! + fraction.padEnd(10, '0'));
  });
  const sum = tiny.reduce((all, one) => all + one, 0n);
  const part = 10n ** BigInt(10 - fractionDigitsOf(currency));
  return Number((sum + part - 1n) / part);
}

function jsonOf(text: string): unknown {
  // What is deleted is answered with an action, or with nothing.
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function unreachable(error: unknown): never {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'AbortError' || name === 'TimeoutError') throw error;
  throw new CloudUnavailable('unreachable', `Hetzner was not reached (${cause?.code ?? name ?? 'unknown'})`);
}

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  confirmed,
  definePanel,
  differences,
  type Endpoint,
  PanelDisagrees,
  PanelUnavailable,
  type PanelUser,
  secondsOf,
  type SeenUser,
} from './panel';
import { PanelHttp } from './panel-http';
import { must, XuiApi } from './three-x-ui.api';

const Settings = z.strictObject({
  username: z.string().min(1).optional().describe('Of the panel. From 3.0 a token of its API does as well.'),
  inbounds: z.array(z.int()).min(1).describe('Ids of the inbounds that people are put into.'),
  flow: z.enum(['', 'xtls-rprx-vision']).default('').describe('Of VLESS by TCP, with TLS or Reality.'),
  certSha256: z
    .string()
    .regex(/^[0-9A-Fa-f:]{64,95}$/)
    .optional()
    .describe('Fingerprint of the certificate that the panel has made for itself.'),
});
type Settings = z.output<typeof Settings>;

/** A user is a client of the panel, and its email is the user's name. */
const Client = z.looseObject({
  email: z.string().default(''),
  id: z.string().optional(),
  /** The same, where the client is told of by itself and not as a part of an inbound. */
  uuid: z.string().optional(),
  password: z.string().optional(),
  enable: z.boolean().default(false),
  limitIp: z.int().default(0),
  /** Bytes, whatever its name says. */
  totalGB: z.int().default(0),
  /** Milliseconds; 0: never; negative: so long after it is used first. */
  expiryTime: z.int().default(0),
  comment: z.string().nullish(),
});
type Client = z.output<typeof Client>;

const Count = z.looseObject({
  email: z.string(),
  up: z.int().default(0),
  down: z.int().default(0),
  lastOnline: z.int().default(0),
});
type Count = z.output<typeof Count>;

const JsonText = z.string().transform((text, ctx) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    ctx.addIssue('no JSON');
    return z.NEVER;
  }
});
/** Up to 3.0 parts of an inbound are JSON in a string, and JSON from then on. */
const nested = <Schema extends z.ZodType>(schema: Schema) => JsonText.pipe(schema).or(schema);

/** A client, the inbounds in which it is, and what is counted of it. */
interface Found {
  readonly client: Client;
  readonly inboundIds: readonly number[];
  readonly counts: readonly Count[];
}

/** Clients, in one of the two ways in which panels have them. What is refused comes back in the panel's words. */
interface Clients {
  find(name: string, signal: AbortSignal): Promise<Found | undefined>;
  add(user: PanelUser, signal: AbortSignal): Promise<string | undefined>;
  change(user: PanelUser, before: Found, signal: AbortSignal): Promise<string | undefined>;
  remove(name: string, signal: AbortSignal): Promise<string | undefined>;
  list(signal: AbortSignal): Promise<Found[]>;
  readonly onlines: string;
}

/** Source: 3x-ui, v2.8.5 to v3.6.0. */
export const threeXUi = definePanel({
  kind: 'three-x-ui',
  settings: Settings,
  secrets: ['password', 'token'],
  lacks: [],

  create(account) {
    const { settings, secret } = account;
    const { username, certSha256 } = settings;
    const http = new PanelHttp(account, certSha256);
    const api = new XuiApi(http, { username, password: secret('password') }, secret('token'));
    const [byThemselves, byInbounds] = [detachedClients(api, settings), clientsOfInbounds(api, settings)];
    const clientsOf = async (signal: AbortSignal) => ((await api.hasClientsApi(signal)) ? byThemselves : byInbounds);
    const seen = (found: Found | undefined) => found && seenOf(found, settings.inbounds);

    return {
      async ensure(user, signal) {
        const clients = await clientsOf(signal);
        let found = await clients.find(user.name, signal);
        if (!found) {
          const refusal = await clients.add(user, signal);
          found = await clients.find(user.name, signal);
          // Refused as well when somebody else has made it meanwhile.
          if (!found) must(refusal);
        }
        if (found && differences(user, seen(found)).length > 0) {
          must(await clients.change(user, found, signal));
          found = await clients.find(user.name, signal);
        }
        return confirmed(user, seen(found));
      },

      async read(name, signal) {
        return seen(await (await clientsOf(signal)).find(name, signal));
      },

      async remove(name, signal) {
        const clients = await clientsOf(signal);
        if (!(await clients.find(name, signal))) return;
        const refusal = await clients.remove(name, signal);
        if (!(await clients.find(name, signal))) return;
        must(refusal);
        throw new PanelDisagrees(`the panel has removed ${name}, and still shows it`, ['name']);
      },

      async *list(signal) {
        for (const found of await (await clientsOf(signal)).list(signal)) yield seen(found)!;
      },

      async health(signal) {
        const { cpu, mem, xray, panelVersion } = await api.get('health', Status, '/server/status', signal);
        if (xray.state !== 'running') throw new PanelUnavailable('failed', `Xray does not run: ${xray.state}`);
        const { onlines } = await clientsOf(signal);
        const online = await api.find(z.array(z.string()), { method: 'POST', path: onlines }, signal);
        return {
          version: panelVersion ?? `Xray ${xray.version}`,
          onlineUsers: online?.length ?? 0,
          cpu: cpu / 100,
          memory: mem.total > 0 ? mem.current / mem.total : null,
        };
      },

      async endpoints(_name, signal) {
        const inbounds: Endpoint[] = [];
        for (const id of settings.inbounds) {
          const inbound = await api.get('read', ReachedInbound, `/inbounds/get/${id}`, signal);
          inbounds.push(...endpointsOf(inbound, new URL(account.url).hostname, settings.flow));
        }
        return inbounds;
      },
    };
  },
});

const Status = z.looseObject({
  cpu: z.number(),
  mem: z.looseObject({ current: z.number(), total: z.number() }),
  xray: z.looseObject({ state: z.string(), version: z.string() }),
  panelVersion: z.string().optional(),
});

/** From 3.1. A client is in any number of inbounds. */
function detachedClients(api: XuiApi, { inbounds, flow }: Settings): Clients {
  const Ids = z.array(z.int()).nullish();
  const Page = z.looseObject({ items: z.array(z.looseObject({ email: z.string(), traffic: Count.nullish() })) });
  const One = z.looseObject({ client: Client, inboundIds: Ids });
  const All = z.array(Client.extend({ inboundIds: Ids, traffic: Count.nullish() })).nullable();
  const at = (name: string) => encodeURIComponent(name);

  const change = async (user: PanelUser, before: Partial<Found>, signal: AbortSignal) => {
    // What we do not set stays as it is; it would be set to nothing if it were left out.
    const { tgId, group, limitHwid }: Record<string, unknown> = before.client ?? {};
    const body = { tgId, group, limitHwid, ...wantedClient(user, user.name, flow) };
    const refusal = await api.post('change', `/clients/update/${at(user.name)}`, body, signal);
    if (refusal !== undefined || !before.inboundIds) return refusal;
    const present = before.inboundIds;
    const moves = {
      attach: inbounds.filter((id) => !present.includes(id)),
      detach: present.filter((id) => !inbounds.includes(id)),
    };
    for (const [move, inboundIds] of Object.entries(moves)) {
      if (inboundIds.length === 0) continue;
      const refused = await api.post('change', `/clients/${at(user.name)}/${move}`, { inboundIds }, signal);
      if (refused !== undefined) return refused;
    }
    return undefined;
  };

  return {
    onlines: '/clients/onlines',
    async find(name, signal) {
      const query = new URLSearchParams({ page: '1', pageSize: '200', search: name });
      const { items } = await api.get('read', Page, `/clients/list/paged?${query}`, signal);
      const item = items.find(({ email }) => email === name);
      const one = item && (await api.find(One, { path: `/clients/get/${at(name)}` }, signal));
      const counts = item?.traffic ? [item.traffic] : [];
      return one && { client: one.client, inboundIds: one.inboundIds ?? [], counts };
    },
    async add(user, signal) {
      const body = { client: wantedClient(user, user.name, flow), inboundIds: inbounds };
      const refusal = await api.post('create', '/clients/add', body, signal);
      // A new one is on, whatever was asked for.
      return refusal === undefined && !user.enabled ? change(user, {}, signal) : refusal;
    },
    change,
    remove: (name, signal) => api.post('remove', `/clients/del/${at(name)}`, {}, signal),
    async list(signal) {
      const all = await api.get('list', All, '/clients/list', signal);
      return (all ?? []).map(({ inboundIds, traffic, ...client }) => ({
        ...{ client: client as Client, inboundIds: inboundIds ?? [], counts: traffic ? [traffic] : [] },
      }));
    },
  };
}

/** Up to 3.0 an inbound is never left without a client: this one stays in its place, and lets nobody in. */
const PLACEHOLDER = 'placeholder-';

/** Up to 3.0. Clients are JSON in their inbound; calls change one of them, and the whole is never written back by us. */
function clientsOfInbounds(api: XuiApi, { inbounds, flow }: Settings): Clients {
  const Inbound = z.looseObject({
    id: z.int(),
    protocol: z.string(),
    settings: nested(z.looseObject({ clients: z.array(Client).nullish() })),
    clientStats: z.array(Count).nullish(),
  });
  /** An email is of one inbound only. */
  const emailIn = (id: number, name: string) => (id === inbounds[0] ? name : `${name}-${id}`);
  const nameIn = (id: number, email: string) =>
    inbounds.includes(id) && id !== inbounds[0] ? email.replace(new RegExp(`-${id}$`), '') : email;

  async function* parts(name: string, signal: AbortSignal) {
    for (const id of inbounds) {
      const { protocol, settings } = await api.get('read', Inbound, `/inbounds/get/${id}`, signal);
      const client = settings.clients?.find(({ email }) => email === emailIn(id, name));
      yield { id, protocol, client, isLast: settings.clients?.length === 1 };
    }
  }
  const keyOf = (protocol: string, { id, password, email }: Client) =>
    encodeURIComponent((protocol === 'trojan' ? password : protocol === 'shadowsocks' ? email : id) ?? '');
  const send = (target: string, call: string, id: number, client: object, signal: AbortSignal) =>
    api.post(target, `/inbounds/${call}`, { id, settings: JSON.stringify({ clients: [client] }) }, signal);

  async function write(user: PanelUser, signal: AbortSignal): Promise<string | undefined> {
    for await (const { id, protocol, client: before } of parts(user.name, signal)) {
      const wanted = wantedClient(user, emailIn(id, user.name), protocol === 'vless' ? flow : '');
      const refusal = before
        ? await send('change', `updateClient/${keyOf(protocol, before)}`, id, { ...before, ...wanted }, signal)
        : await send('create', 'addClient', id, wanted, signal);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  return {
    onlines: '/inbounds/onlines',
    async find(name, signal) {
      const found: { id: number; client: Client }[] = [];
      const counts: Count[] = [];
      for await (const { id, client } of parts(name, signal)) {
        if (!client) continue;
        found.push({ id, client });
        const path = `/inbounds/getClientTraffics/${encodeURIComponent(client.email)}`;
        const count = await api.find(Count, { path }, signal);
        if (count) counts.push(count);
      }
      return together(found, name, counts);
    },
    add: write,
    change: (user, _before, signal) => write(user, signal),
    async remove(name, signal) {
      for await (const { id, protocol, client, isLast } of parts(name, signal)) {
        if (!client) continue;
        const placeholder = { email: `${PLACEHOLDER}${id}`, id: randomUUID(), password: randomUUID(), enable: false };
        const refusal =
          (isLast ? await send('create', 'addClient', id, placeholder, signal) : undefined) ??
          (await api.post('remove', `/inbounds/${id}/delClient/${keyOf(protocol, client)}`, {}, signal));
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    },
    async list(signal) {
      const all = (await api.get('list', z.array(Inbound).nullable(), '/inbounds/list', signal)) ?? [];
      const counts = new Map(all.flatMap(({ clientStats }) => clientStats ?? []).map((one) => [one.email, one]));
      const clients = all.flatMap(({ id, settings }) => (settings.clients ?? []).map((client) => ({ id, client })));
      const byName = new Map<string, typeof clients>();
      for (const one of clients) {
        const { email } = one.client;
        if (email === '' || email.startsWith(PLACEHOLDER)) continue;
        const name = nameIn(one.id, email);
        byName.set(name, [...(byName.get(name) ?? []), one]);
      }
      const countsOf = (found: typeof clients) => found.flatMap(({ client }) => counts.get(client.email) ?? []);
      return [...byName].map(([name, found]) => together(found, name, countsOf(found))!);
    },
  };
}

/** Where one of its clients differs from the others the user is not as anybody could have wanted it: off, until they are alike. */
function together(found: readonly { id: number; client: Client }[], name: string, counts: Count[]): Found | undefined {
  const [first] = found;
  if (!first) return undefined;
  const sumOf = ({ enable, limitIp, totalGB, expiryTime, id, password }: Client) =>
    JSON.stringify([enable, limitIp, totalGB, expiryTime, id, password]);
  const areAlike = found.every(({ client }) => sumOf(client) === sumOf(first.client));
  const client = { ...first.client, email: name, ...(!areAlike && { enable: false, comment: DISABLED }) };
  return { client, inboundIds: found.map(({ id }) => id), counts };
}

/** Said of a client that we have switched off: the panel does so by itself with whoever is used up or over. */
const DISABLED = 'disabled';

/** The whole of it: whatever is left out counts as nothing, and a client without `enable` is off. */
const wantedClient = (user: PanelUser, email: string, flow: Settings['flow']) => ({
  email,
  subId: user.name,
  id: user.credentials.uuid,
  password: user.credentials.password,
  flow,
  enable: user.enabled,
  expiryTime: secondsOf(user.expiresAt)! * 1000,
  totalGB: user.limitBytes ?? 0,
  limitIp: user.devices ?? 0,
  comment: user.enabled ? '' : DISABLED,
  reset: 0,
});

function seenOf({ client, inboundIds, counts }: Found, wanted: readonly number[]): SeenUser {
  const { email: name, enable, expiryTime, totalGB, limitIp, id, uuid = id, password, comment } = client;
  const usedBytes = counts.reduce((sum, { up, down }) => sum + up + down, 0);
  const onlineAt = Math.max(0, ...counts.map(({ lastOnline }) => lastOnline));
  const isEnded = (totalGB > 0 && usedBytes >= totalGB) || (expiryTime > 0 && expiryTime <= Date.now());
  const isInPlace = inboundIds.length === wanted.length && wanted.every((one) => inboundIds.includes(one));
  return {
    name,
    enabled: isInPlace && (enable || (isEnded && comment !== DISABLED)),
    isServed: enable && !isEnded,
    expiresAt: expiryTime > 0 ? new Date(expiryTime) : null,
    limitBytes: totalGB || null,
    devices: limitIp || null,
    usedBytes,
    credentials: { ...(uuid && { uuid }), ...(password && { password }) },
    onlineAt: onlineAt > 0 ? new Date(onlineAt) : null,
  };
}

/** Of a transport; each keeps them under a name of its own. */
const Way = z
  .looseObject({
    path: z.string().optional(),
    host: z.string().optional(),
    headers: z.looseObject({ Host: z.string().optional() }).optional(),
    serviceName: z.string().optional(),
  })
  .optional();
const ReachedInbound = z.looseObject({
  protocol: z.string(),
  port: z.int(),
  settings: nested(z.looseObject({ method: z.string().optional() })),
  streamSettings: nested(
    z.looseObject({
      network: z.string(),
      security: z.string().default('none'),
      wsSettings: Way,
      grpcSettings: Way,
      httpupgradeSettings: Way,
      xhttpSettings: Way,
      realitySettings: z
        .looseObject({
          serverNames: z.array(z.string()),
          shortIds: z.array(z.string()),
          settings: z.looseObject({ publicKey: z.string(), fingerprint: z.string().optional() }),
        })
        .optional(),
      tlsSettings: z
        .looseObject({
          serverName: z.string().optional(),
          alpn: z.array(z.string()).optional(),
          settings: z.looseObject({ fingerprint: z.string().optional() }).optional(),
        })
        .optional(),
    }),
  ),
});

/** None where it is a protocol or a transport that is not ours. */
function endpointsOf(inbound: z.output<typeof ReachedInbound>, host: string, flow: Settings['flow']): Endpoint[] {
  const { port, settings, streamSettings: stream } = inbound;
  const protocol = z.enum(['vless', 'trojan', 'shadowsocks']).safeParse(inbound.protocol).data;
  const transport = z
    .enum(['tcp', 'ws', 'grpc', 'httpupgrade', 'xhttp'])
    .safeParse(stream.network === 'raw' ? 'tcp' : stream.network).data;
  const security = z.enum(['none', 'tls', 'reality']).safeParse(stream.security).data;
  if (!protocol || !transport || !security) return [];
  const { path, host: hostHeader, headers, serviceName } = wayOf(stream, transport) ?? {};
  const { tlsSettings: tls, realitySettings: reality } = stream;
  const endpoint = {
    ...{ protocol, host, port, transport, security, path, hostHeader: hostHeader || headers?.Host, serviceName },
    ...(security === 'tls' && { sni: tls?.serverName, alpn: tls?.alpn, fingerprint: tls?.settings?.fingerprint }),
    ...(security === 'reality' && {
      ...{ sni: reality?.serverNames[0], shortId: reality?.shortIds[0] },
      ...{ publicKey: reality?.settings.publicKey, fingerprint: reality?.settings.fingerprint },
    }),
    ...{ flow: protocol === 'vless' ? flow || undefined : undefined, cipher: settings.method },
  };
  const isSaid = ([, value]: [string, unknown]) => value !== undefined && value !== '';
  return [Object.fromEntries(Object.entries(endpoint).filter(isSaid)) as unknown as Endpoint];
}

function wayOf(stream: z.output<typeof ReachedInbound>['streamSettings'], transport: Endpoint['transport']) {
  const { wsSettings: ws, grpcSettings: grpc, httpupgradeSettings: httpupgrade, xhttpSettings: xhttp } = stream;
  return transport === 'tcp' ? undefined : { ws, grpc, httpupgrade, xhttp }[transport];
}

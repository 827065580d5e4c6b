import type { Credentials, Endpoint } from '../../panels/panel';

/** One entry of an app's list: an endpoint of a server, and by what the person is let in there. */
export interface Connection {
  /** Unique within a list: apps refer to entries by it. */
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
}

/** What an app is given, in whichever format it reads. */
export interface Profile {
  readonly title: string;
  /** The best one first. Never empty without a notice. */
  readonly connections: readonly Connection[];
  /** Stands in place of connections. Apps show the names of entries and hardly anything else, so it becomes one. */
  readonly notice: string | undefined;
}

/** The groups that apps choose among; entries with these names, or with those that cores keep for themselves, get another one. */
export const GROUP = '🌐 VPN';
export const AUTO_GROUP = '⚡ Auto';
const RESERVED = [GROUP, AUTO_GROUP, 'direct', 'DIRECT', 'REJECT', 'REJECT-DROP', 'PASS', 'COMPATIBLE', 'GLOBAL'];

/** Gives entries of one name numbers: cores refuse a list in which two are alike. */
export function withUniqueNames(connections: readonly Connection[]): Connection[] {
  const taken = new Set(RESERVED);
  return connections.map((connection) => {
    // A comma ends a name in the rules of Clash.
    const name = connection.name.replaceAll(',', ' ').trim() || connection.endpoint.host;
    let unique = name;
    for (let n = 2; taken.has(unique); n += 1) unique = `${name} ${n}`;
    taken.add(unique);
    return { ...connection, name: unique };
  });
}

/** An address that nothing answers, for the entry that is only there to be read. */
export const NOWHERE = { host: '127.0.0.1', port: 1, uuid: '00000000-0000-0000-0000-000000000000' } as const;

/** `2001:db8::1` → `[2001:db8::1]:443` */
export const authorityOf = ({ host, port }: Pick<Endpoint, 'host' | 'port'>): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

const EARLY_DATA = /[?&]ed=(\d+)/;

/** Xray takes the size of early data from the path of a WebSocket; other cores have a field for it. */
export function splitEarlyData(path = '/'): { path: string; earlyData: number | undefined } {
  const size = EARLY_DATA.exec(path)?.[1];
  return { path: path.replace(EARLY_DATA, '') || '/', earlyData: size === undefined ? undefined : Number(size) };
}

/** Outline speaks Shadowsocks. */
export const isShadowsocks = ({ protocol }: Endpoint): boolean => protocol === 'shadowsocks' || protocol === 'outline';

export const DEFAULT_CIPHER = 'chacha20-ietf-poly1305';

/**
 * What a panel that chooses a person's way in by itself says of it, as an endpoint and credentials like all others.
 * @param accessKey `ss://` in one of its two forms: SIP002, or all of it in base64
 * @returns undefined when it cannot be read
 */
export function fromAccessKey(accessKey: string): Pick<Connection, 'endpoint' | 'credentials'> | undefined {
  const [, plain = ''] = /^ss:\/\/([^#?]+)/.exec(accessKey) ?? [];
  const whole = plain.includes('@') ? plain : Buffer.from(plain, 'base64').toString();
  const [, user = '', host = '', port] = /^(.+)@(.+?):(\d+)\/?$/.exec(whole) ?? [];
  const login = user.includes(':') ? decodeURIComponent(user) : Buffer.from(user, 'base64').toString();
  const colon = login.indexOf(':');
  if (colon <= 0 || port === undefined) return undefined;
  return {
    endpoint: {
      ...{ protocol: 'shadowsocks', host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) },
      ...{ transport: 'tcp', security: 'none', cipher: login.slice(0, colon) },
    },
    credentials: { uuid: NOWHERE.uuid, password: login.slice(colon + 1) },
  };
}

import type { Endpoint } from './panel';

/**
 * How to connect, out of a link as panels make them for a user; what is the user's own is left out. Undefined: a protocol or a
 * transport that is not ours.
 * Source: XTLS/Xray-core discussion 716 (vless, trojan), SIP002 (ss).
 */
export function endpointOf(link: string): Endpoint | undefined {
  if (!URL.canParse(link)) return undefined;
  const url = new URL(link);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port);
  if (host === '' || !port) return undefined;
  const base = { host, port } as const;
  const protocol = PROTOCOLS[url.protocol];
  if (protocol === 'shadowsocks') {
    const cipher = cipherOf(url);
    const kind = url.searchParams.has('outline') ? 'outline' : protocol;
    return cipher === undefined ? undefined : { ...base, protocol: kind, transport: 'tcp', security: 'none', cipher };
  }
  const said = (name: string) => url.searchParams.get(name) || undefined;
  const transport = TRANSPORTS[said('type') ?? 'tcp'];
  const security = SECURITIES[said('security') ?? 'none'];
  if (!protocol || !transport || !security) return undefined;
  return defined({
    ...base,
    protocol,
    transport,
    security,
    path: transport === 'tcp' || transport === 'grpc' ? undefined : said('path'),
    hostHeader: transport === 'tcp' || transport === 'grpc' ? undefined : said('host'),
    serviceName: said('serviceName'),
    sni: said('sni'),
    fingerprint: said('fp'),
    alpn: said('alpn')?.split(','),
    publicKey: said('pbk'),
    shortId: said('sid'),
    flow: said('flow'),
  });
}

const PROTOCOLS: Readonly<Record<string, 'vless' | 'trojan' | 'shadowsocks'>> = {
  'vless:': 'vless',
  'trojan:': 'trojan',
  'ss:': 'shadowsocks',
};
const TRANSPORTS: Readonly<Record<string, Endpoint['transport']>> = {
  tcp: 'tcp',
  raw: 'tcp',
  ws: 'ws',
  grpc: 'grpc',
  httpupgrade: 'httpupgrade',
  xhttp: 'xhttp',
  splithttp: 'xhttp',
};
const SECURITIES: Readonly<Record<string, Endpoint['security']>> = { none: 'none', tls: 'tls', reality: 'reality' };

/** `method:password` in either alphabet of base64; plain for the ciphers of 2022. */
function cipherOf({ username, password }: URL): string | undefined {
  if (password !== '') return decodeURIComponent(username);
  const [cipher, secret] = Buffer.from(decodeURIComponent(username), 'base64').toString().split(/:(.*)/s);
  return secret ? cipher : undefined;
}

const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>;
  };

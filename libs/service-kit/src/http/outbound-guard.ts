import { lookup, Resolver } from 'node:dns/promises';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { BlockList, isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net';
import { z } from 'zod';

/** How a request ended that brought no answer: `refused` by the rules here, all others on the way. */
export type OutboundFailure =
  'refused' | 'unknown_name' | 'unreachable' | 'bad_certificate' | 'timed_out' | 'broken_off';

export class OutboundError extends Error {
  override readonly name = 'OutboundError';

  constructor(
    readonly reason: OutboundFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** As Node names what keeps a connection from being made: clients that know nothing of this class read it. */
  get code(): string {
    if (this.reason === 'refused') return 'ERR_ADDRESS_REFUSED';
    return this.reason === 'unknown_name' ? 'ENOTFOUND' : 'EAI_AGAIN';
  }
}

export interface OutboundRules {
  /** Whether `http:` is spoken, too. Default: `https:` only. */
  readonly plainHttp?: boolean;
  /** Default: 443 and 8443. */
  readonly ports?: readonly number[] | 'any';
  /**
   * Networks of the operator, as `10.1.0.0/16`, that may be reached although they are not public. There every port is, and plain
   * HTTP is spoken.
   */
  readonly privateNetworks?: readonly string[];
  /** Names that are never asked, nor anything below them: the installation's own. */
  readonly refusedHosts?: readonly string[];
  /**
   * `address:port` of the name servers. Default: those of the system, whose file of hosts is not read. `system`: as every program of
   * the machine looks names up, with that file and the search domains of a cluster; it occupies a thread of the process meanwhile.
   */
  readonly nameServers?: readonly string[] | 'system';
}

/** What is connected to; a URL is one. */
export interface OutboundTarget {
  /** With its colon. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: string | number | null | undefined;
}

export interface OutboundRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For everything: looking up the name, connecting, and the whole answer. */
  readonly timeoutMs: number;
  /** What is longer is cut off. */
  readonly maxBytes: number;
  /** How many redirections are followed, of GET only. Default: none; then they are an answer like any other. */
  readonly redirects?: number;
  /** When it is aborted, its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False when the body was cut off. */
  readonly isWhole: boolean;
  /** Where it came from, after redirections. */
  readonly url: string;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/**
 * HTTP to addresses that strangers give, which must not lead into our own network (SSRF). A name is looked up once for each request,
 * all its addresses are checked, and one of these is connected to: so a name that means something else a moment later (DNS
 * rebinding) gains nothing. Each redirection is an address to be checked like the first.
 */
export class OutboundGuard {
  private readonly allowed: BlockList;
  private readonly ports: readonly number[] | 'any';

  constructor(private readonly rules: OutboundRules = {}) {
    this.allowed = networks(rules.privateNetworks ?? []);
    this.ports = rules.ports ?? [443, 8443];
  }

  /** What can be said of an address without asking anybody. @throws OutboundError `refused` */
  check(address: string): URL {
    if (!URL.canParse(address)) throw refused('it is no address');
    const url = new URL(address);
    if (!['https:', 'http:'].includes(url.protocol)) throw refused(`${url.protocol} is not spoken`);
    if (url.username || url.password) throw refused('it holds a name or a password');
    const host = hostOf(url);
    if (this.rules.refusedHosts?.some((own) => host === own || host.endsWith(`.${own}`)))
      throw refused('it is an address of this installation');
    // Whether a name leads into one of the operator's networks is known once it is looked up.
    const addresses = isIP(host) ? [{ address: host, family: isIP(host) }] : undefined;
    if (addresses || !this.rules.privateNetworks?.length) this.decide(url, addresses ?? []);
    url.hash = '';
    return url;
  }

  /** The same, with what its name means at this moment: for somebody who waits to be told. @throws OutboundError */
  async lookUp(address: string, { timeoutMs }: { timeoutMs: number }): Promise<URL> {
    const url = this.check(address);
    await within(timeoutMs, undefined, (signal) => this.addressesOf(url, signal));
    return url;
  }

  /** @throws OutboundError, or the reason of the request's signal */
  async request(address: string, request: OutboundRequest): Promise<OutboundAnswer> {
    return within(request.timeoutMs, request.signal, async (signal) => {
      let url = this.check(address);
      for (let left = request.method === 'POST' ? 0 : (request.redirects ?? 0); ; left--) {
        const response = await ask(url, await this.addressesOf(url, signal), request, signal);
        const { location } = response.headers;
        if (left > 0 && REDIRECTIONS.includes(response.statusCode!) && location && URL.canParse(location, url.href)) {
          response.destroy();
          url = this.check(new URL(location, url).href);
          continue;
        }
        const { body, isWhole } = await read(response, request.maxBytes);
        return { status: response.statusCode!, headers: response.headers, body, isWhole, url: url.href };
      }
    });
  }

  /** Where one connection may lead: for clients that open it themselves. @throws OutboundError */
  async addressesOf(target: OutboundTarget, signal?: AbortSignal): Promise<Address[]> {
    const host = hostOf(target);
    const { nameServers } = this.rules;
    const addresses = isIP(host)
      ? [{ address: host, family: isIP(host) }]
      : nameServers === 'system'
        ? await lookUpBySystem(host)
        : await lookUp(host, nameServers, signal);
    this.decide(target, addresses);
    return addresses;
  }

  /** A name that is public and private at once is refused: which one would be connected to is chance. */
  private decide({ protocol, port }: OutboundTarget, addresses: readonly Address[]): void {
    const isOurs = ({ address, family }: Address) => this.allowed.check(address, family === 6 ? 'ipv6' : 'ipv4');
    if (addresses.length > 0 && addresses.every(isOurs)) return;
    if (!addresses.every((each) => isPublicAddress(each.address) || isOurs(each)))
      throw refused('it leads into a network that is not public');
    if (protocol === 'http:' && !this.rules.plainHttp) throw refused('it is not https');
    const number = Number(port) || (protocol === 'https:' ? 443 : 80);
    if (this.ports !== 'any' && !this.ports.includes(number))
      throw refused(`the port ${number} is not one of ${this.ports.join(', ')}`);
  }
}

const refused = (why: string) => new OutboundError('refused', `the address is refused: ${why}`);

/** As it is looked up, without the brackets of IPv6 and the dot of the root. */
const hostOf = ({ hostname }: Pick<OutboundTarget, 'hostname'>) => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

const REDIRECTIONS = [301, 302, 303, 307, 308];

const NETWORK = /^([\d.]+|[\da-f:.]+)\/(\d{1,3})$/i;

function networks(list: readonly string[]): BlockList {
  const all = new BlockList();
  for (const network of list) {
    const [, address = '', bits] = NETWORK.exec(network) ?? [];
    all.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return all;
}

/** What is not globally reachable. Source: the IANA registries of special-purpose addresses (RFC 6890 and its updates). */
const NOT_PUBLIC = networks([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
  // Answers virtual machines of Azure with their secrets, on an address that is otherwise like any other.
  '168.63.129.16/32',
  ...['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
]);
/** Everything else of IPv6 is set aside or not given out. Source: RFC 4291 §2.4. */
const GLOBAL_UNICAST = networks(['2000::/3']);
/** By which a network without IPv4 reaches addresses of IPv4: its names all lead here. Source: RFC 6052. */
const NAT64 = networks(['64:ff9b::/96']);

/** @param address of IPv4 or IPv6, not a name */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !NOT_PUBLIC.check(address, 'ipv4');
  if (isIP(address) !== 6) return false;
  if (NAT64.check(address, 'ipv6')) return isPublicAddress(lastBitsAsIpv4(address));
  return GLOBAL_UNICAST.check(address, 'ipv6') && !NOT_PUBLIC.check(address, 'ipv6');
}

function lastBitsAsIpv4(address: string): string {
  // A URL writes all of it in hexadecimal groups.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':').slice(-2);
  const [high, low] = groups.map((group) => Number.parseInt(group || '0', 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** A variable with networks such as `10.1.0.0/16`, separated by commas. */
export const networkList = () => networksIn(z.string().default(''));

/** The same, where it makes a difference whether it is set. */
export const optionalNetworkList = () => networksIn(z.string()).optional();

const networksIn = <Text extends z.ZodType<string, string | undefined>>(text: Text) =>
  text
    .transform((list) => list.split(',').flatMap((network) => network.trim() || []))
    .refine(areNetworks, 'is not a list of networks such as 10.1.0.0/16');

function areNetworks(list: readonly string[]): boolean {
  try {
    networks(list);
    return true;
  } catch {
    return false;
  }
}

const TRY_NAME_SERVER_MS = 2000;

/**
 * Both kinds of addresses of a name. Not by `dns.lookup`: it occupies one of the process's four threads for as long as a name server
 * is silent, and files and passwords wait for these, too.
 */
async function lookUp(
  host: string,
  nameServers: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Address[]> {
  const resolver = new Resolver({ timeout: TRY_NAME_SERVER_MS, tries: 2 });
  if (nameServers) resolver.setServers(nameServers);
  const cancel = () => resolver.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const kinds = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = kinds.flatMap((kind) => (kind.status === 'fulfilled' ? kind.value : []));
    if (found.length > 0) return found.map((address) => ({ address, family: isIP(address) }));
    const failures = kinds.flatMap((kind) => (kind.status === 'rejected' ? [codeOf(kind.reason)] : []));
    const isUnknown = failures.every((code) => ['ENOTFOUND', 'ENODATA', 'EBADNAME'].includes(code));
    throw new OutboundError(
      isUnknown ? 'unknown_name' : 'unreachable',
      `looking up its name failed: ${failures.join()}`,
    );
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

async function lookUpBySystem(host: string): Promise<Address[]> {
  try {
    return await lookup(host, { all: true });
  } catch (error) {
    const code = codeOf(error);
    throw new OutboundError(
      code === 'ENOTFOUND' ? 'unknown_name' : 'unreachable',
      `looking up its name failed: ${code}`,
    );
  }
}

/** Longer than a connection to the other side of the earth takes; then another address of the same name is tried beside it. */
const TRY_ADDRESS_MS = 1000;

/** One request; resolves with the head of its answer. */
function ask(
  url: URL,
  addresses: readonly Address[],
  { method = 'GET', headers, body }: OutboundRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const connecting: Pick<TcpNetConnectOpts, 'lookup' | 'autoSelectFamilyAttemptTimeout'> = {
      lookup: giving(addresses),
      autoSelectFamilyAttemptTimeout: TRY_ADDRESS_MS,
    };
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      // A connection of its own, to what was checked; certificate and `Host` are those of the name.
      agent: false,
      ...connecting,
      signal,
    });
    request.once('response', resolve);
    // Neither `response` nor `error` comes when the other side changes to another protocol.
    request.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new OutboundError('broken_off', 'the answer is in another protocol'));
    });
    request.on('error', (error) => reject(describe(error)));
    request.once('close', () => reject(new OutboundError('broken_off', 'the connection ended without an answer')));
    request.end(body);
  });
}

/** In place of a look-up. It is not called for an address that needs none. */
export const giving =
  (addresses: readonly Address[]): LookupFunction =>
  (_host, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };

async function read(response: IncomingMessage, maxBytes: number): Promise<{ body: Buffer; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      // Leaving the loop ends the connection.
      if (bytes > maxBytes) break;
    }
  } catch (error) {
    throw new OutboundError('broken_off', 'the answer broke off', { cause: error });
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), isWhole: bytes <= maxBytes };
}

/** Source: the X.509 errors of OpenSSL, as Node's documentation of `tls` lists them. */
const CERTIFICATE = /CERT|^UNABLE_TO_|SIGNATURE|^ERR_TLS|^ERR_SSL|^EPROTO$|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$/;

function describe(error: Error): OutboundError {
  const code = codeOf(error);
  if (CERTIFICATE.test(code)) return new OutboundError('bad_certificate', error.message, { cause: error });
  return new OutboundError('unreachable', error.message || code, { cause: error });
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? 'unknown');

/** Ends what takes longer, or what nobody waits for any more: also when the work itself does not notice. */
async function within<T>(
  timeoutMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const inner = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    inner.signal.addEventListener('abort', () => reject(inner.signal.reason as Error), { once: true });
  });
  const stop = () => inner.abort();
  outer?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, timeoutMs);
  try {
    return await Promise.race([work(inner.signal), stopped]);
  } catch (error) {
    outer?.throwIfAborted();
    if (!inner.signal.aborted) throw error;
    throw new OutboundError('timed_out', `there was no whole answer within ${timeoutMs} ms`, { cause: error });
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', stop);
  }
}

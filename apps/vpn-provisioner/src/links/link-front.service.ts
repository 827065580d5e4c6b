import { Inject, Injectable } from '@nestjs/common';
import { isInfrastructureError } from '@switchboard/bus';
import type { KnownLocale } from '@switchboard/contracts';
import { BotsRegistry, Clock, CONFIG, LOG, type Log, type PublicFront } from '@switchboard/service-kit';
import accepts from 'accepts';
import { LRUCache } from 'lru-cache';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Counter, Registry } from 'prom-client';
import proxyAddress from 'proxy-addr';
import { type DeviceIdentity, deviceOf } from '../devices/device-identity';
import { DeviceSightings } from '../devices/device-sightings.service';
import { DevicesService } from '../devices/devices.service';
import { withDeadline } from '../panels/with-deadline';
import { APPS, platformOf } from './formats/apps';
import { formatFor, formatNamed, type FormatName } from './formats/formats';
import { type Answer, answerOf, type Asked } from './link-answers';
import { type CachedLink, LinkCache } from './link-cache.service';
import { noticeOf } from './link-snapshots.service';
import { LinkTokens } from './link-tokens';
import type { LinksConfig } from './links.config';
import { neighbourhoodOf, networkOf, untilNextMinute } from './request-limits';
import { SharedLimits } from './shared-limits.service';

const PREFIX = '/s/';
const DAY_MS = 24 * 60 * 60_000;
/** Who guesses has used up what a network may ask long before. */
const COST_OF_A_WRONG_ONE = 10;
const CLAIMED_WITHIN_MS = 8000;
/** Devices are known to have been seen to some minutes. */
const SIGHTING_EVERY_MS = 10 * 60_000;
/** More tell nothing: so many are unusual already. */
const MOST_NETWORKS_NOTED = 64;
/** Of one address: an app asks in one or two ways, and a browser for one page at a time. */
const MOST_ANSWERS = 12;

const MOST_HASHES = 50_000;

const NOT_FOUND = 'Not found\n';
const PLAIN = [
  'content-type',
  'text/plain; charset=utf-8',
  'cache-control',
  'no-store',
  'referrer-policy',
  'no-referrer',
];

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: IncomingHttpHeaders;
  readonly now: Date;
  /** From where it comes. */
  readonly network: string;
}

/** What a request asks for, read from its address. */
interface Wanted {
  readonly token: string;
  readonly format: FormatName | undefined;
  readonly query: URLSearchParams | undefined;
}

/**
 * Answers the addresses that people's apps hold, before anything of the application: from memory, unless something has changed.
 * Their path is a secret, so it is in no log and no trace.
 */
@Injectable()
export class LinkFront implements PublicFront {
  /** Of addresses that were found: a keyed hash takes longer than all the rest. */
  private readonly hashes = new LRUCache<string, string>({ max: MOST_HASHES });
  private readonly isTrusted: (address: string, index: number) => boolean;
  private readonly answered = new Map<string, number>();

  constructor(
    private readonly tokens: LinkTokens,
    private readonly cache: LinkCache,
    private readonly devices: DevicesService,
    private readonly sightings: DeviceSightings,
    private readonly bots: BotsRegistry,
    private readonly limits: SharedLimits,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: LinksConfig,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.isTrusted = proxyAddress.compile(config.VPN_PROVISIONER_TRUSTED_PROXIES.split(',').map((part) => part.trim()));
    const { answered } = this;
    new Counter({
      name: 'vpn_link_requests_total',
      help: 'Requests of addresses for apps, by what was answered: a format, refused, not_found, limited, unavailable.',
      labelNames: ['answer'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [answer, count] of answered) this.inc({ answer }, count);
      },
    });
  }

  handle(request: IncomingMessage, response: ServerResponse, application: RequestListener): void {
    if (!request.url?.startsWith(PREFIX)) return void application(request, response);
    const fail = (error: unknown) => {
      this.log.error({ err: error }, 'an address was not answered');
      if (response.headersSent) response.destroy();
      else this.unavailable(response);
    };
    try {
      const now = this.clock.now();
      const headers = headersOf(request);
      this.answer({ request, response, headers, now, network: this.networkOf(request, headers) })?.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  /** What is in memory is sent at once: promises would take as long as all the rest. */
  private answer(exchange: Exchange): Promise<void> | void {
    const { request, response, now, network } = exchange;
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, [...PLAIN, 'allow', 'GET, HEAD']).end();
    if (!this.limits.networks.pay(network, 1, now.getTime())) return this.limited(exchange);
    const wanted = readUrl(request.url!);
    if (!wanted) return this.notFound(exchange);
    const hash = this.hashes.get(wanted.token) ?? this.tokens.hash(wanted.token);
    const known = this.cache.get(hash);
    if (known && (this.cache.isFresh(known, now.getTime()) || !this.cache.isFollowing))
      return this.found(exchange, wanted, known);
    if (!known && !this.tokens.isGenuine(wanted.token)) return this.notFound(exchange);
    return this.load(exchange, wanted, hash, known);
  }

  private async load(exchange: Exchange, wanted: Wanted, hash: string, known: CachedLink | undefined): Promise<void> {
    let link: CachedLink | undefined;
    try {
      link = await this.cache.load(hash);
    } catch (error) {
      this.log.warn({ err: error }, 'an address could not be read');
      if (!known) return this.unavailable(exchange.response);
      link = known;
    }
    if (!link) return this.notFound(exchange);
    this.hashes.set(wanted.token, hash);
    return this.found(exchange, wanted, link);
  }

  private found(exchange: Exchange, wanted: Wanted, link: CachedLink): Promise<void> | void {
    const { request, headers, now, network } = exchange;
    const { linkUntil } = link.snapshot;
    if (linkUntil && linkUntil <= now) return this.notFound(exchange);
    if (!this.mayAsk(link, now)) return this.limited(exchange);
    const format = wanted.format ?? formatFor(headers.accept, headers['user-agent']);
    if (format === 'page') return this.send(exchange, { wanted, link, format, isRefused: false });
    this.noteNetwork(link, network, now);
    const place = request.method === 'HEAD' || this.hasPlace(link, headers, now);
    if (typeof place === 'boolean') return this.send(exchange, { wanted, link, format, isRefused: !place });
    return place.then((has) => this.send(exchange, { wanted, link, format, isRefused: !has }));
  }

  private send(
    { request, response, headers, now }: Exchange,
    { wanted, link, format, isRefused }: { wanted: Wanted; link: CachedLink; format: FormatName; isRefused: boolean },
  ): void {
    const isPage = format === 'page';
    const asked: Asked = {
      format,
      isRefused,
      locale: headers['accept-language'] || wanted.query ? localeOf(request, wanted.query?.get('lang')) : undefined,
      platform: isPage ? platformOf(headers['user-agent']) : 'android',
      open: isPage ? APPS.find(({ id }) => id === wanted.query?.get('open')) : undefined,
    };
    const answer = this.made(link, asked, wanted.token, now);
    this.count(isRefused ? 'refused' : format);
    if (headers['if-none-match'] && isUnmodified(headers['if-none-match'], answer.etag))
      return void response.writeHead(304, answer.headersUnmodified as string[]).end();
    response.writeHead(200, answer.headers as string[]);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  private made(link: CachedLink, asked: Asked, token: string, now: Date): Answer {
    const key = `${asked.format} ${asked.locale} ${asked.platform} ${asked.open?.id} ${asked.isRefused}`;
    const known = link.answers.get(key);
    if (known && (known.until === null || now < known.until)) return known;
    const address = `${this.config.VPN_PROVISIONER_PUBLIC_URL.replace(/\/$/, '')}${PREFIX}${token}`;
    const answer = answerOf(link.snapshot, asked, { address, bot: this.bots.find(link.snapshot.botId), now });
    if (link.answers.size >= MOST_ANSWERS) link.answers.clear();
    link.answers.set(key, answer);
    this.cache.grew(link);
    return answer;
  }

  /** Whether the device that asks may have the servers. */
  private hasPlace(link: CachedLink, headers: IncomingHttpHeaders, now: Date): Promise<boolean> | boolean {
    const device = deviceOf(headers);
    // Who is not served needs no place.
    if (!device || noticeOf(link.snapshot, now)) return true;
    const known = link.devices.get(device.id) ?? this.recall(link, device.id);
    if (!known) return this.claim(link, device, now);
    if (known.id !== undefined && now.getTime() - known.seenAt > SIGHTING_EVERY_MS) {
      known.seenAt = now.getTime();
      this.sightings.device(known.id, now);
    }
    return !known.isRefused;
  }

  /** While the database is away nobody is refused who pays. */
  private async claim(link: CachedLink, device: DeviceIdentity, now: Date): Promise<boolean> {
    const { snapshot } = link;
    try {
      const isClaimed = await withDeadline(CLAIMED_WITHIN_MS, undefined, () =>
        this.devices.claim(snapshot.accessId, device),
      );
      // What has changed meanwhile may have made room.
      if (link.snapshot === snapshot)
        link.devices.set(device.id, { id: undefined, seenAt: now.getTime(), isRefused: !isClaimed });
      return isClaimed;
    } catch (error) {
      // It is there and slow: whoever comes again is told what is right.
      if (this.cache.isFollowing && !isInfrastructureError(error)) throw error;
      this.log.warn({ err: error, accessId: snapshot.accessId }, 'a device could not be noted');
      return true;
    }
  }

  private recall(link: CachedLink, id: string) {
    const { accessId, devices } = link.snapshot;
    if (devices.length === 0) return undefined;
    const identity = this.devices.identityOf(accessId, id);
    const found = devices.find((device) => device.identity === identity);
    if (!found) return undefined;
    const known = { id: found.id, seenAt: found.seenAt.getTime(), isRefused: false };
    link.devices.set(id, known);
    return known;
  }

  private noteNetwork(link: CachedLink, network: string, now: Date): void {
    const day = Math.floor(now.getTime() / DAY_MS);
    if (link.networksOf !== day) Object.assign(link, { networks: new Set(), networksOf: day });
    if (link.networks.has(network) || link.networks.size >= MOST_NETWORKS_NOTED) return;
    link.networks.add(network);
    const { accessId, userId } = link.snapshot;
    const sighting = { accessId, userId, day: now.toISOString().slice(0, 10) };
    this.sightings.network({ ...sighting, network: neighbourhoodOf(network) });
  }

  private mayAsk(link: CachedLink, now: Date): boolean {
    const minute = Math.floor(now.getTime() / 60_000);
    if (link.minute !== minute) Object.assign(link, { minute, requests: 0 });
    link.requests += 1;
    return link.requests <= this.config.VPN_PROVISIONER_LINK_REQUESTS_PER_MINUTE;
  }

  private networkOf(request: IncomingMessage, headers: IncomingHttpHeaders): string {
    const { remoteAddress = '' } = request.socket;
    return networkOf(headers['x-forwarded-for'] === undefined ? remoteAddress : proxyAddress(request, this.isTrusted));
  }

  /** The same whatever was wrong with it. */
  private notFound({ request, response, network, now }: Exchange): void {
    this.limits.networks.pay(network, COST_OF_A_WRONG_ONE, now.getTime());
    this.count('not_found');
    response.writeHead(404, [...PLAIN, 'content-length', String(NOT_FOUND.length)]);
    response.end(request.method === 'HEAD' ? undefined : NOT_FOUND);
  }

  private limited({ response, now }: Exchange): void {
    this.count('limited');
    response.writeHead(429, [...PLAIN, 'retry-after', String(untilNextMinute(now.getTime()))]).end();
  }

  private unavailable(response: ServerResponse): void {
    this.count('unavailable');
    response.writeHead(503, [...PLAIN, 'retry-after', '30']).end();
  }

  private count(answer: string): void {
    this.answered.set(answer, (this.answered.get(answer) ?? 0) + 1);
  }
}

const READ_HEADERS = new Set([
  ...['accept', 'accept-language', 'if-none-match', 'user-agent', 'x-forwarded-for'],
  ...['x-hwid', 'x-device-model', 'x-device-os', 'x-ver-os'],
]);

/** Those that are looked at. Node's own object of all of them is made when it is asked for, and takes longer than all the rest. */
function headersOf({ rawHeaders }: IncomingMessage): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (READ_HEADERS.has(name)) headers[name] ??= rawHeaders[i + 1];
  }
  return headers;
}

/** `/s/<token>`, `/s/<token>/<format>` and `/s/<token>?format=…` */
function readUrl(url: string): Wanted | undefined {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? undefined : new URLSearchParams(url.slice(mark + 1));
  const [token = '', suffix, ...rest] = path.slice(PREFIX.length).split('/');
  const name = suffix || query?.get('format');
  const format = name ? formatNamed(name) : undefined;
  return rest.length > 0 || (name && !format) ? undefined : { token, format, query };
}

function localeOf(request: IncomingMessage, named: string | null | undefined): KnownLocale | undefined {
  if (named === 'en' || named === 'ru') return named;
  const accepted = request.headers['accept-language'] && accepts(request).language(['en', 'ru']);
  return accepted ? (accepted as KnownLocale) : undefined;
}

/** RFC 9110 §13.1.2: weakly compared. */
const isUnmodified = (header: string, etag: string): boolean =>
  header === etag || header.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')));

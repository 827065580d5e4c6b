import { type Bot, type KnownLocale, nearestLocale } from '@switchboard/contracts';
import { createHash } from 'node:crypto';
import { type App, type Platform } from './formats/apps';
import { isShadowsocks } from './formats/connection';
import { FORMATS, type FormatName } from './formats/formats';
import { type Notice, NOTICES } from './formats/notices';
import { page, PAGE_POLICY } from './formats/page';
import { type LinkSnapshot, noticeOf } from './link-snapshots.service';

/** Made once for each way of asking, and sent as it is from then on. */
export interface Answer {
  /** No buffer: Node writes a text together with the headers, in one call of the system. */
  readonly body: string;
  readonly etag: string;
  /** Names and values in turns, as `writeHead` takes them. */
  readonly headers: readonly string[];
  readonly headersUnmodified: readonly string[];
  /** The access ends then, and with it what is said here; null when it has ended. */
  readonly until: Date | null;
}

export interface Asked {
  readonly format: FormatName;
  /** Without a wish it is that of the bot. */
  readonly locale: KnownLocale | undefined;
  readonly platform: Platform;
  readonly open: App | undefined;
  readonly isRefused: boolean;
}

interface About {
  readonly address: string;
  readonly bot: Pick<Bot, 'name' | 'languages' | 'timeZone'> | undefined;
  readonly now: Date;
}

/** Hours. Apps notice only then that somebody was moved. */
const UPDATE_INTERVAL = '1';

/** What an address answers. */
export function answerOf(snapshot: LinkSnapshot, asked: Asked, about: About): Answer {
  const locale = asked.locale ?? nearestLocale(about.bot?.languages?.[0] ?? 'en');
  const notice = asked.isRefused ? 'too-many-devices' : noticeOf(snapshot, about.now);
  const said = { locale, notice };
  const made =
    asked.format === 'page'
      ? pageAnswer(snapshot, asked, about, said)
      : profileAnswer(snapshot, asked.format, about, said);
  return { ...made, until: snapshot.servedUntil > about.now ? snapshot.servedUntil : null };
}

type Made = Omit<Answer, 'until'>;

interface Said {
  readonly locale: KnownLocale;
  readonly notice: Notice | undefined;
}

const titleOf = ({ bot }: About) => bot?.name ?? 'VPN';

function profileAnswer(
  snapshot: LinkSnapshot,
  name: Exclude<FormatName, 'page'>,
  about: About,
  { locale, notice }: Said,
): Made {
  const format = FORMATS[name];
  const title = titleOf(about);
  const connections = notice ? [] : snapshot.connections.filter(({ endpoint }) => format.supports(endpoint));
  const shown = notice ?? (connections.length === 0 ? 'unsupported' : undefined);
  const text = shown && NOTICES[locale][shown];
  const { usedBytes, limitBytes, validUntil, deviceLimit } = snapshot;
  const isRefused = shown === 'too-many-devices';
  return answer(format.render({ title, connections, notice: text }), format.contentType, [
    ['subscription-userinfo', userInfo(usedBytes, limitBytes, validUntil)],
    ['profile-title', inBase64(title)],
    ['profile-update-interval', UPDATE_INTERVAL],
    ['profile-web-page-url', about.address],
    // Clash names a profile by it.
    ['content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(title)}`],
    ...(text ? [['announce', inBase64(text)] as const] : []),
    ...(deviceLimit === null
      ? []
      : ([
          ['x-hwid-active', 'true'],
          ['x-hwid-limit', String(deviceLimit)],
          ...(isRefused ? [['x-hwid-max-devices-reached', 'true'] as const] : []),
        ] as const)),
  ]);
}

const userInfo = (usedBytes: number, limitBytes: number | null, until: Date): string =>
  `upload=0; download=${usedBytes}; total=${limitBytes ?? 0}; expire=${Math.floor(until.getTime() / 1000)}`;

/** Headers are Latin-1; apps know this way to more. */
const inBase64 = (text: string): string => `base64:${Buffer.from(text).toString('base64')}`;

function pageAnswer(snapshot: LinkSnapshot, asked: Asked, about: About, { locale, notice }: Said): Made {
  const { connections, devices, deviceLimit, validUntil, usedBytes, limitBytes, resetsAt } = snapshot;
  const view = {
    title: titleOf(about),
    address: about.address,
    notice: notice && NOTICES[locale][notice],
    servedUntil: validUntil,
    ...{ usedBytes, limitBytes, resetsAt, devices, deviceLimit },
    servers: notice ? [] : connections.map(({ name }) => name),
    hasShadowsocks: connections.some(({ endpoint }) => isShadowsocks(endpoint)),
    timeZone: about.bot?.timeZone ?? 'UTC',
  };
  const html = page(view, { locale, platform: asked.platform, now: about.now, open: asked.open });
  return answer(html, 'text/html; charset=utf-8', [
    ['content-security-policy', PAGE_POLICY],
    ['content-language', locale],
    ['x-frame-options', 'DENY'],
  ]);
}

function answer(text: string, contentType: string, more: readonly (readonly [string, string])[]): Made {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  const headersUnmodified = [
    ...more.flat(),
    ...['etag', etag, 'cache-control', 'private, no-cache'],
    ...['vary', 'User-Agent, Accept, Accept-Language'],
    ...['referrer-policy', 'no-referrer', 'x-content-type-options', 'nosniff', 'x-robots-tag', 'noindex'],
  ];
  const headers = [
    'content-type',
    contentType,
    'content-length',
    String(Buffer.byteLength(text)),
    ...headersUnmodified,
  ];
  return { body: text, etag, headers, headersUnmodified };
}

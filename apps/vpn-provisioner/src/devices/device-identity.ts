import { LRUCache } from 'lru-cache';
import type { IncomingHttpHeaders } from 'node:http';

/** What a request says of the device that makes it. */
export interface DeviceIdentity {
  /** Tells it from other devices of the person. */
  readonly id: string;
  name(): string;
}

/** As apps send it that know of limits of devices. */
const HARDWARE_ID = /^[A-Za-z0-9=-]{10,64}$/;
const MOST_NAME = 60;

/**
 * Apps that know of limits name their device. Others are told apart by what they are and on which system: without their version,
 * which changes with every update, and without the address, which changes with every cell of a telephone network. So two phones with
 * the same app are taken for one, and nobody is refused for having been on the way.
 * @returns undefined for a browser, and for whoever says nothing
 */
export function deviceOf(headers: IncomingHttpHeaders): DeviceIdentity | undefined {
  const hardwareId = headers['x-hwid'];
  if (typeof hardwareId === 'string' && HARDWARE_ID.test(hardwareId))
    return { id: `hwid:${hardwareId}`, name: () => modelOf(headers) };
  const userAgent = headers['user-agent'] ?? '';
  const known = byUserAgent.get(userAgent);
  if (known) return known.device;
  const device = appOf(userAgent);
  byUserAgent.set(userAgent, { device });
  return device;
}

/** There are few, and each is asked with thousands of times. */
const byUserAgent = new LRUCache<string, { readonly device: DeviceIdentity | undefined }>({ max: 2000 });

function modelOf(headers: IncomingHttpHeaders): string {
  const system = [textOf(headers['x-device-os']), textOf(headers['x-ver-os'])].filter(Boolean).join(' ');
  const parts = [textOf(headers['x-device-model']), system].filter(Boolean);
  return shortened(parts.join(', ') || (appNameOf(headers['user-agent']) ?? 'VPN'));
}

function appOf(userAgent: string): DeviceIdentity | undefined {
  const app = appNameOf(userAgent);
  if (app === undefined || app === 'Mozilla') return undefined;
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
  const name = shortened(system ? `${app}, ${system}` : app);
  return { id: `app:${app}/${system ?? ''}`.toLowerCase(), name: () => name };
}

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/android/i, 'Android'],
  [/iphone|ipad|\bios\b/i, 'iOS'],
  [/windows|\bwin(32|64)?\b/i, 'Windows'],
  [/mac ?os|macintosh|darwin/i, 'macOS'],
  [/linux/i, 'Linux'],
];

/** `v2rayNG/1.9.5` → `v2rayNG` */
const appNameOf = (userAgent: string | undefined) => textOf(userAgent?.split(/[/(]/)[0]);

function textOf(value: string | string[] | undefined): string | undefined {
  const bytes = typeof value === 'string' ? value : value?.[0];
  if (!bytes) return undefined;
  // Node reads headers as Latin-1, and apps write the names of models in UTF-8.
  const text = Buffer.from(bytes, 'latin1').toString();
  return text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').trim() || undefined;
}

const shortened = (name: string) => [...name].slice(0, MOST_NAME).join('');

import {
  ChooseMyServer,
  ForgetMyDevice,
  ListMyAccesses,
  ListMyDevices,
  ListRegions,
  ResetMyDevices,
  RotateMyLink,
} from '@switchboard/contracts';
import { z } from 'zod';
import { type Asking, type Drawn, page, paragraphs, type Reader, rows, to } from './page';
import { drawSubscription, loadSubscription } from './subscription.pages';

const ofSubscription = z.object({ subscriptionId: z.uuid() });
const ofAccess = ofSubscription.extend({ accessId: z.uuid() });

interface App {
  /** As the page behind the link knows it: it opens that app. */
  readonly id: string;
  readonly name: string;
  readonly shop: string;
}

const happ = (shop: string): App => ({ id: 'happ', name: 'Happ', shop });
const HAPP_DESKTOP = happ('https://github.com/Happ-proxy/happ-desktop/releases/latest');
const HIDDIFY: App = {
  ...{ id: 'hiddify', name: 'Hiddify', shop: 'https://github.com/hiddify/hiddify-app/releases/latest' },
};

/** Apps that can use the address, by where they run; the first is proposed. */
const PLATFORMS = {
  ios: [
    happ('https://apps.apple.com/app/happ-proxy-utility/id6504287215'),
    { id: 'streisand', name: 'Streisand', shop: 'https://apps.apple.com/app/streisand/id6450534064' },
  ],
  android: [happ('https://play.google.com/store/apps/details?id=com.happproxy'), HIDDIFY],
  windows: [HAPP_DESKTOP, HIDDIFY],
  macos: [HAPP_DESKTOP, HIDDIFY],
  linux: [HAPP_DESKTOP, HIDDIFY],
} as const satisfies Record<string, readonly App[]>;
const Platform = z.enum(['ios', 'android', 'windows', 'macos', 'linux']);

interface Connection {
  readonly subscriptionId: string;
  /** Null until there is something behind it. */
  readonly link: string | null;
  readonly note?: string;
}

async function loadConnection(
  { botId, call }: Asking,
  { subscriptionId, isNew = false }: { subscriptionId: string; isNew?: boolean },
): Promise<Connection> {
  const { data } = await call(ListMyAccesses, { query: { botId, subscriptionId } });
  return { subscriptionId, link: data[0]?.link ?? null, ...(isNew && { note: 'connect.granted' }) };
}

function notYet(subscriptionId: string, { say }: Reader): Drawn {
  return {
    text: say('access.preparing'),
    buttons: rows(
      [to(say('refresh'), 'connect', { subscriptionId })],
      [to(say('back'), 'subscription', { subscriptionId })],
    ),
  };
}

function drawConnection({ subscriptionId, link, note }: Connection, reader: Reader): Drawn {
  const { say } = reader;
  if (link === null) return notYet(subscriptionId, reader);
  const about = { subscriptionId };
  const platform = (name: z.output<typeof Platform>) =>
    to(say(`platforms.${name}`), 'platform', { ...about, platform: name });
  return {
    text: paragraphs(note && say(note), say('connect.text'), `\`${link}\``),
    format: 'markdown',
    buttons: rows(
      [platform('ios'), platform('android')],
      [platform('windows'), platform('macos'), platform('linux')],
      [{ label: say('connect.open'), url: link }, to(say('connect.qr'), 'qr', about)],
      [to(say('back'), 'subscription', about)],
    ),
  };
}

const question = (
  text: string,
  yes: readonly [string, string],
  about: z.output<typeof ofAccess>,
  { say }: Reader,
): Drawn => ({
  text,
  buttons: [[to(yes[0], yes[1], about), to(say('no'), 'subscription', { subscriptionId: about.subscriptionId })]],
});

async function loadDevices(asking: Asking, { accessId, subscriptionId }: z.output<typeof ofAccess>) {
  const devices = await asking.call(ListMyDevices, { params: { accessId } });
  return { devices, about: { accessId, subscriptionId }, note: undefined as string | undefined };
}

function drawDevices({ devices, about, note }: Awaited<ReturnType<typeof loadDevices>>, reader: Reader): Drawn {
  const { say } = reader;
  const { data, limit, resetsLeft } = devices;
  const used = { used: data.length, limit: limit ?? 0 };
  return {
    text: paragraphs(
      note && say(note),
      say(limit === null ? 'devices.unlimited' : 'devices.limited', used),
      say(data.length > 0 ? 'devices.forget' : 'devices.none'),
    ),
    buttons: rows(
      ...data.map(({ deviceId, name, seenAt }) => [
        to(`✕ ${name} · ${reader.day(seenAt)}`, 'forget-device', { ...about, deviceId }),
      ]),
      [data.length > 1 && resetsLeft > 0 && to(say('devices.reset', { count: resetsLeft }), 'ask-reset', about)],
      [to(say('back'), 'subscription', { subscriptionId: about.subscriptionId })],
    ),
  };
}

export const connectionPages = {
  /** `isNew`: it is told of by itself. */
  connect: page(ofSubscription.extend({ isNew: z.boolean().default(false) }), loadConnection, drawConnection),

  platform: page(
    ofSubscription.extend({ platform: Platform }),
    async (asking, { subscriptionId, platform }) => ({
      ...(await loadConnection(asking, { subscriptionId })),
      platform,
    }),
    ({ subscriptionId, link, platform }, reader) => {
      if (link === null) return notYet(subscriptionId, reader);
      const { say } = reader;
      const apps = PLATFORMS[platform];
      return {
        text: say(['connect.steps.' + platform, 'connect.steps.other'], { app: apps[0].name, link }),
        buttons: rows(
          ...apps.map(({ id, name, shop }) => [
            { label: say('connect.get', { app: name }), url: shop },
            { label: say('connect.add', { app: name }), url: `${link}?open=${id}` },
          ]),
          [to(say('back'), 'connect', { subscriptionId })],
        ),
      };
    },
  ),

  qr: page(ofSubscription, loadConnection, ({ subscriptionId, link }, reader) => {
    if (link === null) return notYet(subscriptionId, reader);
    return { qr: link, text: reader.say('connect.scan') };
  }),

  rotate: page(
    ofAccess,
    (_, about) => Promise.resolve(about),
    (about, reader) => question(reader.say('link.question'), [reader.say('link.yes'), 'rotated'], about, reader),
  ),
  rotated: page(
    ofAccess,
    async ({ call, key }, { accessId, subscriptionId }) => {
      const { link } = await call(RotateMyLink, { params: { accessId }, body: {}, idempotencyKey: key });
      return { subscriptionId, link, note: 'link.changed' };
    },
    drawConnection,
  ),

  regions: page(
    ofAccess,
    async ({ botId, call }, about) => ({ regions: await call(ListRegions, { query: { botId } }), about }),
    ({ regions, about }, reader) => ({
      text: reader.say(regions.data.length > 0 ? 'regions.title' : 'regions.none'),
      buttons: rows(
        [to(reader.say('regions.best'), 'region', { ...about, region: null })],
        ...regions.data
          .filter(({ available }) => available)
          .map(({ id, name, load }) => [
            to(reader.say('regions.one', { name: reader.name(name), load }), 'region', { ...about, region: id }),
          ]),
        [to(reader.say('back'), 'subscription', { subscriptionId: about.subscriptionId })],
      ),
    }),
  ),
  region: page(
    ofAccess.extend({ region: z.string().max(40).nullable() }),
    async (asking, { accessId, subscriptionId, region }) => {
      await asking.call(ChooseMyServer, { params: { accessId }, body: { region }, idempotencyKey: asking.key });
      return { ...(await loadSubscription(asking, { subscriptionId })), note: 'regions.chosen' };
    },
    drawSubscription,
  ),

  devices: page(ofAccess, loadDevices, drawDevices),
  'forget-device': page(
    ofAccess.extend({ deviceId: z.uuid() }),
    async (asking, { deviceId, ...about }) => {
      const { accessId } = about;
      await asking.call(ForgetMyDevice, { params: { accessId, deviceId } }).catch((error: { status?: number }) => {
        // Gone already: by this button, or by itself.
        if (error.status !== 404) throw error;
      });
      return { ...(await loadDevices(asking, about)), note: 'devices.forgotten' };
    },
    drawDevices,
  ),
  'ask-reset': page(
    ofAccess,
    (_, about) => Promise.resolve(about),
    (about, reader) =>
      question(reader.say('devices.question'), [reader.say('devices.yes'), 'reset-devices'], about, reader),
  ),
  'reset-devices': page(
    ofAccess,
    async (asking, about) => {
      const { accessId } = about;
      await asking.call(ResetMyDevices, { params: { accessId }, idempotencyKey: asking.key });
      return { ...(await loadDevices(asking, about)), note: 'devices.wereReset' };
    },
    drawDevices,
  ),
};

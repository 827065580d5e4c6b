import { MessageReceived } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { OutboundMedia } from '../src/channels/channel';
import { Rejected } from '../src/channels/channel-errors';
import { ChannelsService } from '../src/channels/channels.service';
import { plainText } from '../src/rich-text/rich-text';
import { ACCOUNTS, InstagramWorld } from './channels/instagram.world';
import { encodeOggOpus } from './start-sandbox';

const SHOP = ACCOUNTS.one;
const PICTURE = {
  kind: 'photo' as const,
  bytes: Buffer.from('a picture of a jacket'),
  mimeType: 'image/png',
  fileName: 'jacket.png',
};

/** One that nobody has at this moment: links of files name it before the service listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describe('what Instagram fetches and shows', () => {
  let world: InstagramWorld;
  beforeAll(async () => {
    const openers = { en: ['Where is my order?', 'Which sizes are there?'] };
    world = await InstagramWorld.start({ port: await freePort(), bot: { menu: { openers } } });
  });
  afterAll(() => world.stop());

  const channel = () => world.app.service.nest.get(ChannelsService, { strict: false }).get('lumen');
  async function sendTo(person: string, media: OutboundMedia, key: string) {
    const { scopedId } = await world.thread(person, SHOP);
    for (const [part, message] of channel()
      .compose({ text: plainText('The jacket'), media })
      .entries())
      await channel().send({ externalId: scopedId }, message, { key: `${key}.${part}` });
  }
  async function linkOf(person: string): Promise<string> {
    const sent = await world.answer(person, SHOP, ({ attachments }) => attachments !== undefined);
    return sent.attachments![0]!.payload!.url!;
  }
  async function somebody() {
    const emma = await world.person();
    await world.say(emma, SHOP, { text: `show me, ${emma}` });
    await world.app.probe.until(MessageReceived, ({ data }) => data.text === `show me, ${emma}`);
    return emma;
  }

  it('a picture goes by a link, before its words, and for an hour', async () => {
    const emma = await somebody();
    await sendTo(emma, PICTURE, 'delivery-1');
    const [picture, words] = await world.answers(emma, SHOP);
    expect([picture!.attachments![0]!.type, words!.text]).toEqual(['image', 'The jacket']);
    const link = await linkOf(emma);
    const fetched = await fetch(link);
    expect([fetched.headers.get('content-type'), await fetched.text()]).toEqual(['image/png', 'a picture of a jacket']);
    world.app.clock.advance(3_601_000);
    expect((await fetch(link)).status).toBe(404);
  });

  it('a link is worth nothing for another file, for longer, or with another signature', async () => {
    const emma = await somebody();
    await sendTo(emma, PICTURE, 'delivery-2');
    const link = new URL(await linkOf(emma));
    expect((await fetch(link)).status).toBe(200);
    const changed = (change: (url: URL) => void) => {
      const url = new URL(link);
      change(url);
      return fetch(url).then(({ status }) => status);
    };
    expect(await changed((url) => url.searchParams.set('until', '9999999999'))).toBe(404);
    expect(await changed((url) => url.searchParams.set('signature', 'f'.repeat(64)))).toBe(404);
    expect(await changed((url) => (url.pathname = '/public-files/019a0000-0000-7000-8000-000000000000'))).toBe(404);
  });

  it('an answer is spoken in a form that it takes', async () => {
    const emma = await somebody();
    const second = Array.from({ length: 50 }, (_, frame) =>
      Int16Array.from({ length: 480 }, (_, i) => 8000 * Math.sin((2 * Math.PI * 440 * (frame * 480 + i)) / 24_000)),
    );
    const bytes = Buffer.concat([...encodeOggOpus(second, 24_000)]);
    await sendTo(emma, { kind: 'voice', bytes, mimeType: 'audio/ogg', fileName: 'answer.ogg' }, 'delivery-4');
    const fetched = await fetch(await linkOf(emma));
    const wav = Buffer.from(await fetched.arrayBuffer());
    expect(fetched.headers.get('content-type')).toBe('audio/wav');
    expect(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 12)).toBe('RIFFWAVE');
    const samples = (wav.length - 44) / 2;
    expect(samples / 16_000).toBeCloseTo(1, 1);
    // 440 Hz crosses zero 880 times a second.
    const crossings = Array.from({ length: samples - 1 }, (_, i) => i).filter(
      (i) => wav.readInt16LE(44 + 2 * i) < 0 !== wav.readInt16LE(46 + 2 * i) < 0,
    );
    expect(crossings.length).toBeGreaterThan(800);
    expect(crossings.length).toBeLessThan(960);
    await expect(
      sendTo(
        emma,
        { kind: 'voice', bytes: Buffer.from('no sound'), mimeType: 'audio/ogg', fileName: 'x.ogg' },
        'delivery-5',
      ),
    ).rejects.toThrow(Rejected);
  });

  it('a file that the channel does not take is refused for good', async () => {
    const emma = await somebody();
    await expect(sendTo(emma, { ...PICTURE, mimeType: 'image/tiff' }, 'delivery-3')).rejects.toThrow(Rejected);
  });

  it('questions are offered to whoever has said nothing yet, and are asked by a press', async () => {
    const offered = async () => {
      const accounts = await world.ask<{ id: string; iceBreakers: { question: string; payload: string }[] }[]>(
        'GET',
        '/accounts',
      );
      const { iceBreakers } = accounts.find(({ id }) => id === SHOP)!;
      return iceBreakers.length === 2 && iceBreakers;
    };
    const [first] = await until(offered, { what: 'the questions' });
    expect(first!.question).toBe('Where is my order?');
    const emma = await world.person();
    await world.ask('POST', `/people/${emma}/postbacks`, {
      account: SHOP,
      title: first!.question,
      payload: first!.payload,
    });
    await world.app.probe.until(MessageReceived, ({ data }) => data.text === 'Where is my order?');
  });
});

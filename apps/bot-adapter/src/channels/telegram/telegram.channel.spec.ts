import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { BotServers } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { plainText } from '../../rich-text/rich-text';
import { ChannelBusy, ChatMoved, OutcomeUnknown, NotSent, Rejected, Unreachable, Unsupported } from '../channel-errors';
import { TelegramApi } from './telegram.api';
import { TelegramChannel } from './telegram.channel';

interface Reply {
  status: number;
  description?: string;
  parameters?: object;
  result?: unknown;
  html?: boolean;
  cut?: boolean;
}

describe('what answers of Telegram mean', () => {
  let server: Server;
  let channel: TelegramChannel;
  let replies: Reply[];
  let asked: { method: string; body: Record<string, unknown> }[];

  beforeEach(async () => {
    [replies, asked] = [[], []];
    server = createServer((request: IncomingMessage, response) => {
      void text(request).then((body) => {
        asked.push({
          method: request.url!.split('/').at(-1)!,
          body: JSON.parse(body || '{}') as Record<string, unknown>,
        });
        const { status, html, cut, description, parameters, result } = replies.shift() ?? {
          status: 200,
          result: { message_id: 5 },
        };
        if (cut) return request.socket.destroy();
        response.statusCode = status;
        const answer = { ok: status === 200, error_code: status, description, parameters, result };
        return response.end(html ? '<html>Bad Gateway</html>' : JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const apiRoot = `http://127.0.0.1:${(server.address() as AddressInfo).port}/telegram`;
    const api = new TelegramApi({
      token: '1:x',
      apiRoot,
      servers: new BotServers({ NODE_ENV: 'test' }),
      registry: new Registry(),
      sendTimeoutMs: 10_000,
      maxOwnServerBytes: 1000,
    });
    channel = new TelegramChannel(api, { botId: 'lumen', webhookSecret: 'secret', rates: {} as never });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const bold = { text: 'bold', entities: [{ type: 'bold' as const, offset: 0, length: 4 }] };
  const send = (edits?: string) => channel.send({ externalId: '7' }, bold, edits ? { edits } : {});

  it.each<[string, Reply, unknown]>([
    [
      '429',
      { status: 429, description: 'Too Many Requests: retry after 7', parameters: { retry_after: 7 } },
      ChannelBusy,
    ],
    ['blocked', { status: 403, description: 'Forbidden: bot was blocked by the user' }, Unreachable],
    ['deactivated', { status: 403, description: 'Forbidden: user is deactivated' }, Unreachable],
    ['no chat', { status: 400, description: 'Bad Request: chat not found' }, Unreachable],
    [
      'upgraded group',
      { status: 400, description: 'Bad Request: group chat was upgraded', parameters: { migrate_to_chat_id: -1009 } },
      ChatMoved,
    ],
    ['bad request', { status: 400, description: 'Bad Request: message text is empty' }, Rejected],
    ['revoked token', { status: 401, description: 'Unauthorized' }, NotSent],
    ['server error', { status: 500, description: 'Internal Server Error' }, OutcomeUnknown],
    ['error page of a proxy', { status: 502, html: true }, OutcomeUnknown],
    ['connection lost after the request', { status: 200, cut: true }, OutcomeUnknown],
  ])('%s', async (_what, reply, error) => {
    replies = [reply];
    await expect(send()).rejects.toBeInstanceOf(error);
  });

  it('no answer in time leaves a doubt, no connection leaves none', async () => {
    server.removeAllListeners('request');
    await expect(send()).rejects.toBeInstanceOf(OutcomeUnknown);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(send()).rejects.toBeInstanceOf(NotSent);
  });

  describe('what stands under a message', () => {
    const invoice = { title: 'Tea', description: 'A cup', payload: 'order-1', currency: 'XTR', amountMinor: 5 };
    const buttons = [
      [
        { label: 'Yes', data: 'abc' },
        { label: 'Docs', url: 'https://x.io' },
      ],
      [
        { label: 'Shop', webApp: 'https://shop.example' },
        { label: 'Pay', invoice },
      ],
    ];
    const sendTo = async (externalId: string, content: Parameters<TelegramChannel['compose']>[0]) => {
      for (const message of channel.compose(content)) await channel.send({ externalId }, message);
      return asked.at(-1)!.body['reply_markup'];
    };

    it('are buttons that do, lead, open and ask for money', async () => {
      replies = [{ status: 200, result: 'https://t.me/$invoice' }];
      expect(await sendTo('7', { text: plainText('hi'), buttons })).toEqual({
        inline_keyboard: [
          [
            { text: 'Yes', callback_data: 'abc' },
            { text: 'Docs', url: 'https://x.io' },
          ],
          [
            { text: 'Shop', web_app: { url: 'https://shop.example' } },
            { text: 'Pay', url: 'https://t.me/$invoice' },
          ],
        ],
      });
      expect(asked[0]).toMatchObject({
        method: 'createInvoiceLink',
        body: { currency: 'XTR', prices: [{ label: 'Tea', amount: 5 }] },
      });
    });

    it('in a group a web app is opened as a page', async () => {
      expect(await sendTo('-7', { text: plainText('hi'), buttons: [[buttons[1]![0]!]] })).toEqual({
        inline_keyboard: [[{ text: 'Shop', url: 'https://shop.example' }]],
      });
    });

    it('are keys in place of the keyboard, until they are taken away', async () => {
      const keyboard = { rows: [[{ label: 'Tea' }, { label: 'Shop', webApp: 'https://shop.example' }]], once: true };
      expect(await sendTo('7', { text: plainText('hi'), keyboard })).toEqual({
        keyboard: [[{ text: 'Tea' }, { text: 'Shop', web_app: { url: 'https://shop.example' } }]],
        resize_keyboard: true,
        one_time_keyboard: true,
      });
      expect(await sendTo('7', { text: plainText('hi'), keyboard: 'remove' })).toEqual({ remove_keyboard: true });
    });

    it('stands under the last of several messages', async () => {
      await sendTo('7', { text: plainText('long '.repeat(2000)), buttons: [[buttons[0]![0]!]] });
      expect(asked.map(({ body }) => Boolean(body['reply_markup']))).toEqual([false, false, true]);
    });
  });

  it('a text that is too long for a caption follows its picture', async () => {
    const media = { kind: 'document', bytes: Buffer.from('x'), mimeType: 'text/plain', fileName: 'a.txt' } as const;
    const composed = (words: number) => channel.compose({ text: plainText('word '.repeat(words)), media });
    expect(composed(10).map(({ media: file, text }) => [Boolean(file), text.length])).toEqual([[true, 49]]);
    expect(composed(300).map(({ media: file, text }) => [Boolean(file), text.length])).toEqual([
      [true, 0],
      [false, 1499],
    ]);
  });

  it('formatting that Telegram cannot parse is left out, the words are not', async () => {
    replies = [{ status: 400, description: "Bad Request: can't parse entities: unexpected end at byte offset 4" }];
    expect(await send()).toEqual({ externalMessageId: '5' });
    expect(asked.map(({ body }) => [body['text'], (body['entities'] as unknown[]).length])).toEqual([
      ['bold', 1],
      ['bold', 0],
    ]);
  });

  it('an edit that changes nothing succeeded', async () => {
    replies = [{ status: 400, description: 'Bad Request: message is not modified: specified new message content …' }];
    expect(await send('9')).toEqual({ externalMessageId: '9' });
  });

  it('an edit of a message that is gone becomes a new message', async () => {
    replies = [{ status: 400, description: 'Bad Request: message to edit not found' }];
    expect(await send('9')).toEqual({ externalMessageId: '5' });
    expect(asked.map(({ method }) => method)).toEqual(['editMessageText', 'sendMessage']);
  });

  it('a server that does not know drafts is asked once; edits take their place', async () => {
    expect(channel.capabilities.previews('private')).toBe('draft');
    replies = [{ status: 404, description: 'Not Found: method not found' }];
    await expect(channel.showDraft({ externalId: '7' }, 'a1', bold)).rejects.toBeInstanceOf(Unsupported);
    expect(channel.capabilities.previews('private')).toBe('edit');
  });
});

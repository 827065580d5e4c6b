import { until } from '@switchboard/testing';
import { type Account, channelContract, type ChannelWorld, type Someone } from './channel.contract';
import { ACCOUNTS, InstagramWorld, THIRD } from './channels/instagram.world';

const HEART = Buffer.from('a picture').toString('base64');

describe('Instagram', () =>
  channelContract(async (transport): Promise<ChannelWorld> => {
    const world = await InstagramWorld.start({ transport });
    const given = async (account: string) =>
      (await world.ask<{ token: string }>('POST', `/accounts/${account}/tokens`)).token;
    const tokens = { good: await given(THIRD), wrong: 'mistyped', "the first bot's": await given(ACCOUNTS.one) };
    const ids = new Map<Someone, { account: string; id: string }>();
    const lastSaid = new Map<Someone, string>();

    const of = (who: Someone) => ids.get(who)!;
    const did = (who: Someone, what: string, body: object) =>
      world.ask('POST', `/people/${of(who).id}/${what}`, { account: of(who).account, ...body });
    const lastTo = async (who: Someone) => (await world.answers(of(who).id, of(who).account)).at(-1)!;
    const withId = (account: Account, id: string): Someone => {
      const say = async (said: object) => void lastSaid.set(who, await world.say(id, ACCOUNTS[account], said));
      const who: Someone = {
        say: (text, { agoMs } = {}) => say({ text, ...(agoMs !== undefined && { agoMs }) }),
        sendSticker: () => say({ attachments: [{ type: 'like_heart' }] }),
        answers: async () => (await world.answers(id, ACCOUNTS[account])).map(({ text = '' }) => text),
        choose: async (label) => {
          const { quickReplies = [] } = await lastTo(who);
          const { title, payload } = quickReplies.find((reply) => reply.title.replace(/^✓ /, '') === label)!;
          return say({ text: title, quickReply: payload });
        },
      };
      ids.set(who, { account: ACCOUNTS[account], id });
      return who;
    };
    const reconnect = async () => {
      const isLost = async () => (await world.connectionOf('lumen'))?.['state'] === 'needs-reauth';
      await until(isLost, { what: 'an account that is lost' });
      await world.connect('lumen', ACCOUNTS.one);
    };
    return {
      app: world.app,
      someone: async (account) => withId(account, await world.person()),
      inBoth: async () => {
        const id = await world.person();
        return { one: withId('one', id), two: withId('two', id) };
      },
      sayTogether: async (said) => {
        await world.ask(
          'POST',
          '/together',
          said.map(({ who, text }) => ({ account: of(who).account, person: of(who).id, text })),
        );
      },
      sayTwice: (who, text) => world.say(of(who).id, of(who).account, { text, times: 2 }),
      bringNonsense: async () => {
        const entry = [{ id: ACCOUNTS.one, time: Date.now(), messaging: ['of no form'] }];
        return new Response(null, { status: await world.bring({ object: 'instagram', entry }) });
      },
      forge: async (text) => {
        const message = {
          sender: { id: '1' },
          recipient: { id: ACCOUNTS.one },
          timestamp: 1,
          message: { mid: 'm', text },
        };
        const entry = [{ id: ACCOUNTS.one, time: Date.now(), messaging: [message] }];
        return new Response(null, {
          status: await world.bring({ object: 'instagram', entry }, 'not the secret of the app'),
        });
      },
      misbehave: async (fault, who) => {
        if (fault === 'blocked by the person') await did(who, 'blocks', { blocked: true });
        else if (fault === 'busy for a second') await world.misbehave('messages', '429', { retryAfter: 1 });
        else if (fault === 'busy for a minute') await world.misbehave('messages', '429', { retryAfter: 60 });
        else if (fault === 'taken but not confirmed') await world.misbehave('messages', '500-after-commit');
        else {
          await world.ask('DELETE', `/accounts/${ACCOUNTS.one}/tokens`);
          void reconnect();
        }
      },
      credentials: (which) => ({
        channel: {
          kind: 'instagram',
          apiRoot: 'sandbox',
          account: which === "the first bot's" ? ACCOUNTS.one : THIRD,
        },
        secrets: { token: tokens[which] },
      }),
      answerElsewhere: (who, text, author) =>
        world.ask('POST', `/accounts/${of(who).account}/answers`, {
          person: of(who).id,
          text,
          by: author === 'person' ? 'person' : 'another app',
        }),
      sayAndTakeBack: async (who, text) => {
        const mid = await world.say(of(who).id, of(who).account, { text });
        return did(who, 'unsend', { mid });
      },
      react: async (who, emoji) => did(who, 'reactions', { mid: (await lastTo(who)).mid, emoji }),
      follow: (who, ref) => did(who, 'referrals', { ref }),
      sendPhoto: (who) => world.say(of(who).id, of(who).account, { attachments: [{ type: 'image', base64: HEART }] }),
      look: async (who) => did(who, 'reads', { mid: (await lastTo(who)).mid }),
      canBeDisconnected: true,
      wasRead: async (who) => (await world.thread(of(who).id, of(who).account)).seenMid === lastSaid.get(who),
      edits: false,
      files: true,
      limit: { max: 1000, measure: (text) => Buffer.byteLength(text) },
      stop: () => world.stop(),
    };
  }));

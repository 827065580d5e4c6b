import type { Inbound } from '../channel';
import { Update, Webhook } from './instagram.shapes';
import { parseUpdate, updatesOf } from './instagram.updates';

const ACCOUNT = '17841406936785237';
const PERSON = '1340282366841710301';
const AT = 1764342000123;
const by = { sender: { id: PERSON }, recipient: { id: ACCOUNT }, timestamp: AT };

const webhook = (...entry: object[]) => Webhook.parse({ object: 'instagram', entry });
const parsed = (messaging: object): Inbound[] =>
  parseUpdate(Update.parse({ messaging: { ...by, ...messaging } }), ACCOUNT);
const message = (content: object) => parsed({ message: { mid: 'm1', ...content } });
const media = (type: string, url = `https://cdn.example/${type}`) => ({ type, payload: { url } });

describe('what Instagram brings', () => {
  it('keeps ids whose digits a number could not hold', () => {
    const [heard] = message({ text: 'hi' });
    expect(heard).toMatchObject({
      kind: 'message',
      chat: { externalId: PERSON, kind: 'private' },
      from: { externalId: PERSON },
      sentAt: new Date(AT),
      text: 'hi',
    });
  });

  it.each<[string, object, object]>([
    ['a command', { text: '/Start  spring sale' }, { kind: 'command', name: 'start', argument: 'spring sale' }],
    [
      'a photo',
      { attachments: [media('image')] },
      { kind: 'message', file: { kind: 'photo', externalId: 'https://cdn.example/image' } },
    ],
    ['a voice message', { attachments: [media('audio')] }, { kind: 'message', file: { kind: 'voice' } }],
    ['a film', { attachments: [media('video')] }, { kind: 'message', file: { kind: 'video' } }],
    ['a document', { attachments: [media('file')] }, { kind: 'message', file: { kind: 'document' } }],
    [
      'a mention in a story',
      { attachments: [media('story_mention')] },
      { kind: 'message', about: { kind: 'story-mention', url: 'https://cdn.example/story_mention' } },
    ],
    [
      'an answer to a story',
      { text: 'how much?', reply_to: { story: { id: 's1', url: 'https://cdn.example/s1' } } },
      { kind: 'message', text: 'how much?', about: { kind: 'story-reply', externalId: 's1' } },
    ],
    ['an answer to a message', { text: 'yes', reply_to: { mid: 'm0' } }, { kind: 'message', replyToId: 'm0' }],
    ['a quick reply', { text: 'M', quick_reply: { payload: 'b1' } }, { kind: 'message', text: 'M', choice: 'b1' }],
    [
      'words from an ad',
      { text: 'hi', referral: { ad_id: 'a1', source: 'ADS' } },
      { about: { kind: 'ad', externalId: 'a1' } },
    ],
    ['a heart', { attachments: [{ type: 'like_heart' }] }, { kind: 'unsupported', what: 'sticker' }],
    ['somebody’s post', { attachments: [media('share')] }, { kind: 'unsupported', what: 'post' }],
    ['a reel', { attachments: [media('ig_reel')] }, { kind: 'unsupported', what: 'reel' }],
    ['what the API does not carry', { is_unsupported: true }, { kind: 'unsupported' }],
    ['what was taken back', { is_deleted: true }, { kind: 'deleted', externalMessageId: 'm1' }],
  ])('knows %s', (_what, content, expected) => {
    expect(message(content)).toMatchObject([expected]);
  });

  it('takes several pictures for messages of one group, with the words at the first', () => {
    const heard = message({ text: 'these', attachments: [media('image'), media('image', 'https://cdn.example/2')] });
    expect(heard).toMatchObject([
      { externalMessageId: 'm1', text: 'these', mediaGroup: 'm1' },
      { externalMessageId: 'm1#1', mediaGroup: 'm1', file: { externalId: 'https://cdn.example/2' } },
    ]);
    expect(heard[1]).not.toHaveProperty('text');
  });

  it('knows what was sent in the name of the account, whose parties have changed places', () => {
    const swapped = { sender: { id: ACCOUNT }, recipient: { id: PERSON } };
    const [heard] = parsed({ ...swapped, message: { mid: 'm2', text: 'hello', is_echo: true } });
    expect(heard).toMatchObject({ kind: 'echo', chat: { externalId: PERSON }, author: 'unknown', text: 'hello' });
  });

  it.each<[string, object, object]>([
    [
      'a press of a question',
      { postback: { mid: 'm3', title: 'Delivery?', payload: 'opener' } },
      { kind: 'message', text: 'Delivery?' },
    ],
    [
      'a reaction',
      { reaction: { mid: 'm1', action: 'react', reaction: 'other', emoji: '🔥' } },
      { kind: 'reaction', emoji: '🔥' },
    ],
    [
      'one of former times',
      { reaction: { mid: 'm1', action: 'react', reaction: 'love' } },
      { kind: 'reaction', emoji: '❤' },
    ],
    ['one that was taken back', { reaction: { mid: 'm1', action: 'unreact' } }, { kind: 'reaction', emoji: null }],
    ['a look', { read: { mid: 'm1' } }, { kind: 'status', state: 'read', externalMessageId: 'm1' }],
    ['an edit', { message_edit: { mid: 'm1', text: 'new', num_edit: 1 } }, { kind: 'edited', text: 'new' }],
    ['a link', { referral: { ref: 'spring', source: 'IGME-SOURCE-LINK' } }, { kind: 'referral', ref: 'spring' }],
  ])('knows %s', (_what, content, expected) => {
    expect(parsed(content)).toMatchObject([expected]);
  });

  it('answers nothing while another program has the thread', () => {
    const [update] = updatesOf(webhook({ id: ACCOUNT, standby: [{ ...by, message: { mid: 'm1', text: 'hi' } }] }));
    expect(parseUpdate(Update.parse(update!.content), ACCOUNT)).toEqual([]);
  });

  it('knows comments of others, by entries of both forms, and not those of the account itself', () => {
    const value = { id: 'c1', text: 'price?', media: { id: 'p1' } };
    const comment = (from: string) => ({
      field: 'comments',
      value: { ...value, from: { id: from, username: 'emma' } },
    });
    const heard = (entry: object) =>
      updatesOf(webhook({ id: ACCOUNT, time: 1764342000, ...entry })).flatMap(({ content }) =>
        parseUpdate(Update.parse(content), ACCOUNT),
      );
    const expected = {
      kind: 'comment',
      ...{ commentId: 'c1', postId: 'p1', text: 'price?', sentAt: new Date(1764342000_000) },
    };
    expect(heard({ changes: [comment(PERSON)] })).toMatchObject([expected]);
    expect(heard(comment(PERSON))).toMatchObject([expected]);
    expect(heard({ changes: [comment(ACCOUNT)] })).toEqual([]);
  });

  it('has one id for an update whenever it comes, another for each thing that happens to a message, and none too long', () => {
    const mid = 'm'.repeat(170);
    const items = [
      { ...by, message: { mid, text: 'hi' } },
      { ...by, message: { mid, is_deleted: true } },
      { ...by, read: { mid } },
      { ...by, reaction: { mid, action: 'react', emoji: '👍' } },
      { ...by, message_edit: { mid, text: 'ho', num_edit: 1 } },
      'of no form',
    ];
    const ids = (given: unknown[]) => updatesOf(webhook({ id: ACCOUNT, messaging: given })).map(({ id }) => id);
    const first = ids(items);
    expect(new Set(first).size).toBe(items.length);
    expect(ids([...items].reverse()).reverse()).toEqual(first);
    expect(Math.max(...first.map((id) => id.length))).toBeLessThanOrEqual(200);
  });
});

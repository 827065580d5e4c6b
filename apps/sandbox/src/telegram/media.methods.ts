import { z } from 'zod';
import { badRequest } from './api-error';
import { chatId, entities, integer, json, replying, replyMarkup, string } from './call-params';
import { captionText, repliedTo } from './message.methods';
import { type Caller, type Method, method } from './method';
import type { NewMessage } from './messenger';
import { type MediaKind, opaqueId, type StoredFile } from './state';
import { messageFor } from './wire-views';

/** Downloads are for files of up to 20 MB. */
const MAX_DOWNLOAD = 20 * 1024 * 1024;

const caption = {
  caption: string.default(''),
  parse_mode: string.optional(),
  caption_entities: entities.optional(),
};

const sending = { chat_id: chatId, ...caption, ...replying, reply_markup: replyMarkup.optional() };

const album = json(
  z.array(
    z.looseObject({
      type: z.enum(['photo', 'document', 'audio'], { error: 'type of the media is not supported by the sandbox' }),
      media: z.string({ error: 'media not found' }),
      duration: z.number().optional(),
      ...caption,
    }),
    { error: "can't parse media JSON object" },
  ),
);

export const mediaMethods: Record<string, Method> = {
  sendPhoto: sender('photo'),
  sendDocument: sender('document'),
  sendVoice: sender('voice'),
  sendAudio: sender('audio'),

  sendMediaGroup: method(z.object({ chat_id: chatId, media: album, ...replying }), async (caller, params) => {
    const { world, bot } = caller;
    const conversation = world.messenger.writable(bot, params.chat_id);
    if (params.media.length < 2 || params.media.length > 10) {
      throw badRequest('wrong number of messages to send as an album: expected 2-10');
    }
    const replyTo = repliedTo(world, conversation, params);
    const mediaGroupId = opaqueId('', 8);
    const messages: NewMessage[] = [];
    for (const item of params.media) {
      const content = captionText(item);
      const file = await fileOf(caller, item.type, item.media, item.duration);
      messages.push({ ...content, fileId: file.id, replyTo, mediaGroupId });
    }
    const sent = world.messenger.send(bot, conversation, messages);
    return sent.map((message) => messageFor(world.state, conversation, message));
  }),

  getFile: method(z.object({ file_id: string.default('') }), ({ world }, params) => {
    const file = world.state.files.get(params.file_id);
    if (!file) throw badRequest('wrong file_id or the file is temporarily unavailable');
    if (file.bytes > MAX_DOWNLOAD) throw badRequest('file is too big');
    return { file_id: file.id, file_unique_id: file.uniqueId, file_size: file.bytes, file_path: file.path };
  }),
};

function sender(kind: MediaKind): Method {
  const schema = z.object({ ...sending, [kind]: string.optional(), duration: integer('duration').optional() });
  return method(schema, async (caller, params) => {
    const { world, bot } = caller;
    const conversation = world.messenger.writable(bot, params.chat_id);
    const content = captionText(params);
    const replyTo = repliedTo(world, conversation, params);
    const reference = (params as Record<string, unknown>)[kind] as string | undefined;
    const file = await fileOf(caller, kind, reference ?? `attach://${kind}`, params.duration);
    const [sent] = world.messenger.send(bot, conversation, [
      { ...content, fileId: file.id, replyTo, replyMarkup: params.reply_markup },
    ]);
    return messageFor(world.state, conversation, sent!);
  });
}

/** `attach://<part>` means a part of the same form. */
async function fileOf(
  { world, uploads }: Caller,
  kind: MediaKind,
  reference: string,
  duration?: number,
): Promise<StoredFile> {
  const part = /^attach:\/\/(.+)$/.exec(reference)?.[1];
  if (part === undefined) return world.files.named(kind, reference, duration);
  const upload = uploads.get(part);
  if (!upload) throw badRequest(`there is no ${kind} in the request`);
  return world.files.add(kind, upload, duration);
}

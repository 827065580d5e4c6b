import { z } from 'zod';
import { badRequest } from './api-error';
import { isFileId, type MediaFacts } from './files';
import { captionText, markupOf } from './message.methods';
import {
  caption,
  type Caller,
  chatId,
  inlineKeyboard,
  integer,
  json,
  messageId,
  type Method,
  method,
  placeOf,
  sending,
  string,
} from './method';
import type { NewMessage } from './messenger';
import { type MediaKind, opaqueId, type StoredFile } from './state';
import { messageFor } from './to-wire';

/** Downloads are for files of up to 20 MB. */
const MAX_DOWNLOAD = 20 * 1024 * 1024;
const WITHOUT_CAPTION: MediaKind[] = ['sticker', 'video_note'];

const facts = {
  duration: integer('duration').optional(),
  width: integer('width').optional(),
  height: integer('height').optional(),
};

const media = z.looseObject({
  type: z.enum(['photo', 'document', 'audio', 'video', 'animation'], {
    error: 'type of the media is not supported by the sandbox',
  }),
  media: z.string({ error: 'media not found' }),
  ...caption,
  ...facts,
});

const album = json(z.array(media, { error: "can't parse media JSON object" }));

export const mediaMethods: Record<string, Method> = {
  sendPhoto: sender('photo'),
  sendDocument: sender('document'),
  sendVoice: sender('voice'),
  sendAudio: sender('audio'),
  sendVideo: sender('video'),
  sendAnimation: sender('animation'),
  sendVideoNote: sender('video_note'),
  sendSticker: sender('sticker'),

  sendMediaGroup: method(z.object({ ...sending, media: album }), async (caller, params) => {
    const { telegram, bot } = caller;
    const { conversation, about } = placeOf(caller, params);
    if (params.media.length < 2 || params.media.length > 10) {
      throw badRequest('wrong number of messages to send as an album: expected 2-10');
    }
    const mediaGroupId = opaqueId('', 8);
    const messages: NewMessage[] = [];
    for (const item of params.media) {
      const content = captionText(item);
      const file = await fileOf(caller, item.type, item.media, item);
      messages.push({ ...content, fileId: file.id, mediaGroupId, ...about });
    }
    const sent = telegram.messenger.send(bot, conversation, messages);
    return sent.map((message) => messageFor(telegram.state, conversation, message));
  }),

  editMessageMedia: method(
    z.object({ chat_id: chatId, message_id: messageId, media: json(media), reply_markup: inlineKeyboard.optional() }),
    async (caller, params) => {
      const { telegram, bot } = caller;
      const conversation = telegram.messenger.writable(bot, params.chat_id);
      const content = captionText(params.media);
      const file = await fileOf(caller, params.media.type, params.media.media, params.media);
      const edited = telegram.messenger.edit(bot, conversation, params.message_id, (old) => {
        if (!old.fileId) throw badRequest('there is no media in the message to edit');
        return { ...content, fileId: file.id, replyMarkup: markupOf(params) };
      });
      return messageFor(telegram.state, conversation, edited);
    },
  ),

  getFile: method(z.object({ file_id: string.default('') }), ({ telegram }, params) => {
    const file = telegram.state.files.get(params.file_id);
    if (!file) {
      throw badRequest(
        isFileId(params.file_id) ? 'wrong file_id or the file is temporarily unavailable' : 'invalid file_id',
      );
    }
    if (file.bytes > MAX_DOWNLOAD) throw badRequest('file is too big');
    return { file_id: file.id, file_unique_id: file.uniqueId, file_size: file.bytes, file_path: file.path };
  }),
};

function sender(kind: MediaKind): Method {
  const schema = z.object({ ...sending, ...caption, ...facts, [kind]: string.optional() });
  return method(schema, async (caller, params) => {
    const { telegram, bot } = caller;
    const { conversation, about } = placeOf(caller, params);
    const content = WITHOUT_CAPTION.includes(kind) ? {} : captionText(params);
    const reference = (params as Record<string, unknown>)[kind] as string | undefined;
    const file = await fileOf(caller, kind, reference ?? `attach://${kind}`, params);
    const [sent] = telegram.messenger.send(bot, conversation, [{ ...content, fileId: file.id, ...about }]);
    return messageFor(telegram.state, conversation, sent!);
  });
}

/** `attach://<part>` means a part of the same form. */
async function fileOf(
  { telegram, uploads }: Caller,
  kind: MediaKind,
  reference: string,
  { duration, width, height }: MediaFacts,
): Promise<StoredFile> {
  const told = { duration, width, height };
  const part = /^attach:\/\/(.+)$/.exec(reference)?.[1];
  if (part === undefined) return telegram.files.named(kind, reference, told);
  const upload = uploads.get(part);
  if (!upload) throw badRequest(`there is no ${kind.replace('_', ' ')} in the request`);
  return telegram.files.add(kind, upload, told);
}

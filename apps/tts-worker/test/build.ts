import { MessageReceived, SpeechSpeakRequested } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';

type SpeakRequest = Parameters<typeof SpeechSpeakRequested>[0];
type Message = Parameters<typeof MessageReceived>[0];

export const aSpeakRequest = (rest: Partial<SpeakRequest> = {}): ReturnType<typeof SpeechSpeakRequested> =>
  SpeechSpeakRequested({
    speechId: uuidv7(),
    requestedBy: 'bot-adapter',
    chatId: uuidv7(),
    botId: 'lumen',
    userId: uuidv7(),
    text: 'Breathe in, and out again.',
    ...rest,
  });

export const aVoiceMessage = (rest: Partial<Message> = {}): ReturnType<typeof MessageReceived> =>
  MessageReceived({
    messageId: uuidv7(),
    chatId: uuidv7(),
    botId: 'lumen',
    channel: 'telegram',
    userId: uuidv7(),
    locale: 'ru',
    kind: 'voice',
    media: { mediaId: uuidv7(), kind: 'voice', mimeType: 'audio/ogg', bytes: 4_000, durationMs: 1_500 },
    sentAt: new Date().toISOString(),
    ...rest,
  });

import { botAdapterApp } from '@switchboard/bot-adapter';
import { chatAiApp } from '@switchboard/chat-ai';
import { ttsWorkerApp } from '@switchboard/tts-worker';

/** All there are; `npm run new:service` adds to them. */
export const services = [botAdapterApp, chatAiApp, ttsWorkerApp];

import { analyticsApp } from '@switchboard/analytics';
import { botAdapterApp } from '@switchboard/bot-adapter';
import { chatAiApp } from '@switchboard/chat-ai';
import { gatewayApp } from '@switchboard/gateway';
import { ttsWorkerApp } from '@switchboard/tts-worker';

/** All there are; `npm run new:service` adds to them. */
export const services = [botAdapterApp, chatAiApp, ttsWorkerApp, gatewayApp, analyticsApp];

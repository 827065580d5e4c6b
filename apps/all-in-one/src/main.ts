import { botAdapterApp } from '@switchboard/bot-adapter';
import { chatAiApp } from '@switchboard/chat-ai';
import { runApps } from '@switchboard/service-kit';
import { ttsWorkerApp } from '@switchboard/tts-worker';

void runApps([botAdapterApp, chatAiApp, ttsWorkerApp]);

import { runApp } from '@switchboard/service-kit';
import { chatAiApp } from './chat-ai.app';

void runApp(chatAiApp);

import { runApp } from '@switchboard/service-kit';
import { ttsWorkerApp } from './tts-worker.app';

void runApp(ttsWorkerApp);

import { runApp } from '@switchboard/service-kit';
import { botAdapterApp } from './bot-adapter.app';

void runApp(botAdapterApp);

import { runApp } from '@switchboard/service-kit';
import { analyticsApp } from './analytics.app';

void runApp(analyticsApp);

import { runApps } from '@switchboard/service-kit';
import { services } from './services';

void runApps(services);

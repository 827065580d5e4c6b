import { runApp } from '@switchboard/service-kit';
import { gatewayApp } from './gateway.app';

void runApp(gatewayApp);

import { runApp } from '@switchboard/service-kit';
import { paymentsApp } from './payments.app';

void runApp(paymentsApp);

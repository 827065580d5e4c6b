import { runApp } from '@switchboard/service-kit';
import { vpnProvisionerApp } from './vpn-provisioner.app';

void runApp(vpnProvisionerApp);

import { hetzner } from './clouds/hetzner.cloud';
import { marzban } from './panels/marzban.panel';
import { outline } from './panels/outline.panel';
import { remnawave } from './panels/remnawave.panel';
import { threeXUi } from './panels/three-x-ui.panel';
import { defineVpnProvisioner } from './vpn-provisioner.module';

export const vpnProvisionerApp = defineVpnProvisioner([marzban, threeXUi, outline, remnawave], [hetzner]);

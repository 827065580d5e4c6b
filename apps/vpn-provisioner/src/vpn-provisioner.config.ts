import { z } from 'zod';
import { cloudsVariables } from './clouds/clouds.config';
import { linksVariables } from './links/links.config';

/** The variables that only this service reads; their names begin with `VPN_PROVISIONER_`. */
export const vpnProvisionerConfig = z.object({ ...linksVariables, ...cloudsVariables });

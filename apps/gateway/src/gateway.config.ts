import { z } from 'zod';
import { auditVariables } from './audit/audit.config';
import { backupsVariables } from './backups/backups.config';
import { edgeVariables } from './edge/edge.config';
import { limitsVariables } from './limits/limits.config';
import { mailVariables } from './mail/mail.config';
import { proofOfWorkVariables } from './proof-of-work/proof-of-work.config';
import { siteVariables } from './sessions/site.config';
import { signInVariables } from './sign-in/sign-in.config';
import { ssoVariables } from './staff/sso.config';
import { webhooksVariables } from './webhooks/webhooks.config';

/** The variables that only this service reads, those of each feature; their names begin with `GATEWAY_`. */
export const gatewayConfig = z.object({
  ...siteVariables,
  ...edgeVariables,
  ...limitsVariables,
  ...auditVariables,
  ...backupsVariables,
  ...webhooksVariables,
  ...mailVariables,
  ...proofOfWorkVariables,
  ...signInVariables,
  ...ssoVariables,
});

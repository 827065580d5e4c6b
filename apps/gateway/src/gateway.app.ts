import { defineApp } from '@switchboard/service-kit';
import { CreateBots1764100000000 } from '../migrations/1764100000000-create-bots';
import { CreateUsers1764200000000 } from '../migrations/1764200000000-create-users';
import { CreateSignInLinks1764200000001 } from '../migrations/1764200000001-create-sign-in-links';
import { BotRevisionRow } from './bots/bot-revision.entity';
import { BotSecretRow } from './bots/bot-secret.entity';
import { BotRow } from './bots/bot.entity';
import { CreateAccess1764300000000 } from '../migrations/1764300000000-create-access';
import { CreateApiKeys1764300100000 } from '../migrations/1764300100000-create-api-keys';
import { CreateApprovals1764300200000 } from '../migrations/1764300200000-create-approvals';
import { CreatePasskeys1764300300000 } from '../migrations/1764300300000-create-passkeys';
import { CreateBackups1764650000000 } from '../migrations/1764650000000-create-backups';
import { CreateAudit1796300000000 } from '../migrations/1796300000000-create-audit';
import { CreateWebhooks1796300100000 } from '../migrations/1796300100000-create-webhooks';
import { Grant } from './access/grant.entity';
import { Role } from './access/role.entity';
import { Approval } from './approvals/approval.entity';
import { ApiKey } from './api-keys/api-key.entity';
import { AuditEntryRow } from './audit/audit-entry.entity';
import { AuditVerification } from './audit/audit-verification.entity';
import { Backup, BackupTrial } from './backups/backup.entity';
import { EdgeService } from './edge/edge.service';
import { EndStreams } from './edge/open-streams';
import { gatewayConfig } from './gateway.config';
import { gatewayDataMap } from './gateway.data-map';
import { GatewayModule } from './gateway.module';
import { CountReplicas } from './limits/limits.service';
import { Consent } from './people/consent.entity';
import { Identity } from './people/identity.entity';
import { Restriction } from './people/restriction.entity';
import { User } from './people/user.entity';
import { RefreshToken } from './sessions/refresh-token.entity';
import { Session } from './sessions/session.entity';
import { SigningKey } from './sessions/signing-key.entity';
import { SignInLink } from './sign-in/sign-in-link.entity';
import { Passkey } from './staff/passkey.entity';
import { STAFF_PLACES } from './staff/staff-cipher';
import { Staff } from './staff/staff.entity';
import { WebhookAttempt, WebhookDelivery } from './webhooks/webhook-delivery.entity';
import { WEBHOOK_PLACES, WebhookEndpoint, WebhookHealth, WebhookSecret } from './webhooks/webhook-endpoint.entity';

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [
    ...[
      ApiKey,
      Approval,
      AuditEntryRow,
      AuditVerification,
      Backup,
      BackupTrial,
      BotRow,
      BotRevisionRow,
      BotSecretRow,
      Consent,
      Grant,
      Identity,
    ],
    ...[Passkey, RefreshToken, Restriction, Role, Session, SigningKey, SignInLink, Staff, User],
    ...[WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookHealth, WebhookSecret],
  ],
  encrypted: [
    'approvals.body',
    'bot_secrets.value',
    'sign_in_links.email',
    'signing_keys.private_key',
    ...STAFF_PLACES,
    ...WEBHOOK_PLACES,
  ],
  migrations: [
    CreateBots1764100000000,
    CreateUsers1764200000000,
    CreateSignInLinks1764200000001,
    CreateAccess1764300000000,
    CreateApiKeys1764300100000,
    CreateApprovals1764300200000,
    CreatePasskeys1764300300000,
    CreateBackups1764650000000,
    CreateAudit1796300000000,
    CreateWebhooks1796300100000,
  ],
  dataMap: gatewayDataMap,
  tasks: [CountReplicas, EndStreams],
  publicFront: EdgeService,
  port: 4100,
  publicPort: 4080,
});

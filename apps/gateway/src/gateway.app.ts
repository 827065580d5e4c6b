import { defineApp } from '@switchboard/service-kit';
import { CreateBots1764100000000 } from '../migrations/1764100000000-create-bots';
import { CreateUsers1764200000000 } from '../migrations/1764200000000-create-users';
import { CreateSignInLinks1764200000001 } from '../migrations/1764200000001-create-sign-in-links';
import { BotRevisionRow } from './bots/bot-revision.entity';
import { BotSecretRow } from './bots/bot-secret.entity';
import { BotRow } from './bots/bot.entity';
import { CreateAccess1764300000000 } from '../migrations/1764300000000-create-access';
import { CreateApiKeys1764300100000 } from '../migrations/1764300100000-create-api-keys';
import { Grant } from './access/grant.entity';
import { Role } from './access/role.entity';
import { ApiKey } from './api-keys/api-key.entity';
import { EdgeService } from './edge/edge.service';
import { gatewayConfig } from './gateway.config';
import { gatewayDataMap } from './gateway.data-map';
import { GatewayModule } from './gateway.module';
import { CountReplicas } from './limits/limits.service';
import { Consent } from './people/consent.entity';
import { Identity } from './people/identity.entity';
import { User } from './people/user.entity';
import { Session } from './sessions/session.entity';
import { SignInLink } from './sign-in/sign-in-link.entity';
import { Staff, STAFF_PLACES } from './staff/staff.entity';

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [
    ...[ApiKey, BotRow, BotRevisionRow, BotSecretRow, Consent, Grant, Identity],
    ...[Role, Session, SignInLink, Staff, User],
  ],
  encrypted: ['bot_secrets.value', 'sign_in_links.email', ...STAFF_PLACES],
  migrations: [
    CreateBots1764100000000,
    CreateUsers1764200000000,
    CreateSignInLinks1764200000001,
    CreateAccess1764300000000,
    CreateApiKeys1764300100000,
  ],
  dataMap: gatewayDataMap,
  tasks: [CountReplicas],
  publicFront: EdgeService,
  port: 4100,
  publicPort: 4080,
});

import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module';
import { SessionsModule } from '../sessions/sessions.module';
import { AccessHandlers } from './access.handlers';
import { PrincipalsService } from './principals.service';
import { RolesService } from './roles.service';
import { SessionController } from './session.controller';

@Module({
  imports: [ApiKeysModule, SessionsModule],
  controllers: [AccessHandlers, SessionController],
  providers: [PrincipalsService, RolesService],
  exports: [PrincipalsService, RolesService],
})
export class AccessModule {}

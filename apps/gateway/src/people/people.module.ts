import { Module } from '@nestjs/common';
import { Erasure } from '@switchboard/service-kit';
import { AuditModule } from '../audit/audit.module';
import { MailModule } from '../mail/mail.module';
import { SessionsModule } from '../sessions/sessions.module';
import { ConsentsService } from './consents.service';
import { IdentitiesService } from './identities.service';
import { MeController } from './me.controller';
import { PeopleController } from './people.controller';
import { PeopleDirectoryService } from './people-directory.service';
import { PeopleHandlers } from './people.handlers';
import { PeopleService } from './people.service';
import { PersonMailsController } from './person-mails.controller';
import { RestrictionsService } from './restrictions.service';

@Module({
  imports: [AuditModule, SessionsModule, MailModule],
  controllers: [MeController, PeopleController, PersonMailsController, PeopleHandlers],
  providers: [PeopleService, PeopleDirectoryService, IdentitiesService, ConsentsService, RestrictionsService],
  exports: [PeopleService, IdentitiesService],
})
export class PeopleModule {
  constructor(erasure: Erasure, identities: IdentitiesService) {
    erasure.add({ rows: (tx, userId) => identities.leaveTombstones(tx, userId) });
  }
}

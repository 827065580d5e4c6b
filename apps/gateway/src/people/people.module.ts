import { Module } from '@nestjs/common';
import { Erasure } from '@switchboard/service-kit';
import { SessionsModule } from '../sessions/sessions.module';
import { ConsentsService } from './consents.service';
import { IdentitiesService } from './identities.service';
import { PeopleController } from './people.controller';
import { PeopleHandlers } from './people.handlers';
import { PeopleService } from './people.service';

@Module({
  imports: [SessionsModule],
  controllers: [PeopleController, PeopleHandlers],
  providers: [PeopleService, IdentitiesService, ConsentsService],
  exports: [PeopleService, IdentitiesService],
})
export class PeopleModule {
  constructor(erasure: Erasure, identities: IdentitiesService) {
    erasure.add({ rows: (tx, userId) => identities.leaveTombstones(tx, userId) });
  }
}

import { Module } from '@nestjs/common';
import { ChatAddresses } from './chat-addresses';
import { ContactsService } from './contacts.service';
import { ErasureRequestsJobs } from './erasure-requests.jobs';
import { IdentitiesHandlers } from './identities.handlers';
import { IdentitiesService } from './identities.service';
import { PeopleController } from './people.controller';
import { PeopleService } from './people.service';

@Module({
  controllers: [IdentitiesHandlers, PeopleController],
  providers: [ChatAddresses, ContactsService, ErasureRequestsJobs, IdentitiesService, PeopleService],
  exports: [ChatAddresses, ContactsService, ErasureRequestsJobs, IdentitiesService],
})
export class ContactsModule {}

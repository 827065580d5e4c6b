import { Module } from '@nestjs/common';
import { ChatAddresses } from './chat-addresses';
import { ContactsService } from './contacts.service';
import { ErasureRequestsJobs } from './erasure-requests.jobs';
import { IdentitiesHandlers } from './identities.handlers';
import { IdentitiesService } from './identities.service';

@Module({
  controllers: [IdentitiesHandlers],
  providers: [ChatAddresses, ContactsService, ErasureRequestsJobs, IdentitiesService],
  exports: [ChatAddresses, ContactsService, ErasureRequestsJobs, IdentitiesService],
})
export class ContactsModule {}

import { Module } from '@nestjs/common';
import { ChatAddresses } from './chat-addresses';
import { ContactsService } from './contacts.service';
import { ErasureRequestsJobs } from './erasure-requests.jobs';
import { PeopleController } from './people.controller';
import { PeopleService } from './people.service';

@Module({
  controllers: [PeopleController],
  providers: [ChatAddresses, ContactsService, ErasureRequestsJobs, PeopleService],
  exports: [ChatAddresses, ContactsService, ErasureRequestsJobs],
})
export class ContactsModule {}

import { Module } from '@nestjs/common';
import { ChatAddresses } from './chat-addresses';
import { ContactsService } from './contacts.service';
import { ErasureRequestsJobs } from './erasure-requests.jobs';

@Module({
  providers: [ChatAddresses, ContactsService, ErasureRequestsJobs],
  exports: [ChatAddresses, ContactsService, ErasureRequestsJobs],
})
export class ContactsModule {}

import { Module } from '@nestjs/common';
import { ChatAddresses } from './chat-addresses';
import { ContactsService } from './contacts.service';

@Module({ providers: [ChatAddresses, ContactsService], exports: [ChatAddresses, ContactsService] })
export class ContactsModule {}

import { Module } from '@nestjs/common';
import { ChatAddresses } from './chat-addresses';
import { ContactsService } from './contacts.service';
import { ErasureRequestsJobs } from './erasure-requests.jobs';
import { HandoversHandlers } from './handovers.handlers';
import { HandoversService } from './handovers.service';
import { IdentitiesHandlers } from './identities.handlers';
import { IdentitiesService } from './identities.service';
import { KnownPeopleService } from './known-people.service';
import { NewsSettingsController } from './news-settings.controller';
import { NewsSettingsService } from './news-settings.service';
import { PeopleController } from './people.controller';
import { PeopleService } from './people.service';
import { RestrictionsHandlers } from './restrictions.handlers';
import { RestrictionsService } from './restrictions.service';

@Module({
  controllers: [HandoversHandlers, IdentitiesHandlers, NewsSettingsController, PeopleController, RestrictionsHandlers],
  providers: [
    ChatAddresses,
    ContactsService,
    ErasureRequestsJobs,
    HandoversService,
    IdentitiesService,
    KnownPeopleService,
    NewsSettingsService,
    PeopleService,
    RestrictionsService,
  ],
  exports: [
    ChatAddresses,
    ContactsService,
    ErasureRequestsJobs,
    HandoversService,
    IdentitiesService,
    KnownPeopleService,
    NewsSettingsService,
  ],
})
export class ContactsModule {}

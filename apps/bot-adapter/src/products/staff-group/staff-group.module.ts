import { Module } from '@nestjs/common';
import { CreateStaffGroup1764631000000 } from '../../../migrations/1764631000000-create-staff-group';
import { ContactsModule } from '../../contacts/contacts.module';
import { DeliveriesModule } from '../../deliveries/deliveries.module';
import { DialogsModule } from '../../dialogs/dialogs.module';
import { defineProduct } from '../../dialogs/product';
import { StaffGroupHandlers } from './staff-group.handlers';
import { StaffGroupJobs } from './staff-group.jobs';
import { StaffGroupProduct } from './staff-group.product';
import { StaffGroupPost, StaffGroupTicket } from './staff-group-ticket.entity';
import { StaffGroupsService } from './staff-groups.service';

@Module({
  imports: [ContactsModule, DeliveriesModule, DialogsModule],
  controllers: [StaffGroupHandlers],
  providers: [StaffGroupJobs, StaffGroupProduct, StaffGroupsService],
  exports: [StaffGroupsService],
})
export class StaffGroupModule {}

export const staffGroup = defineProduct({
  module: StaffGroupModule,
  entities: [StaffGroupPost, StaffGroupTicket],
  migrations: [CreateStaffGroup1764631000000],
  dataMap: {
    staff_group_tickets: {
      purpose: 'In which conversations staff are to answer, so that they can do so out of their group.',
      retention: 'Thirty days after it was closed.',
      erasure: 'delete row',
      person: 'user_id',
      columns: {
        ticket_id: 'Of the ticket, which chat-ai has.',
        brand_id: 'The home bot of the shop.',
        bot_id: 'To which the person wrote last.',
        assignee: 'The member of staff who has it in the console.',
      },
    },
    staff_group_posts: {
      purpose: 'What was said about such a conversation in the group, so that an answer there finds it.',
      retention: 'As long as the ticket.',
      erasure: 'delete row',
      person: 'user_id',
      columns: { cause_id: 'The message in the group.', ticket_id: 'Of the ticket.' },
    },
  },
});

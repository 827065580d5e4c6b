import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { AnswersService } from './answers.service';
import { DeskController } from './desk.controller';
import { DeskFeed } from './desk-feed';
import { DeskHandlers } from './desk.handlers';
import { DeskJobs } from './desk.jobs';
import { DeskStaffService } from './desk-staff.service';
import { DeskToolsController } from './desk-tools.controller';
import { DeskToolsService } from './desk-tools.service';
import { TicketsService } from './tickets.service';
import { TicketViewsService } from './ticket-views.service';

/** Conversations in which humans answer. */
@Module({
  imports: [AssistantsModule, ConversationsModule],
  controllers: [DeskController, DeskHandlers, DeskToolsController],
  providers: [
    AnswersService,
    DeskFeed,
    DeskJobs,
    DeskStaffService,
    DeskToolsService,
    TicketsService,
    TicketViewsService,
  ],
  exports: [TicketsService, TicketViewsService],
})
export class DeskModule {}

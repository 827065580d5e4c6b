import { Module } from '@nestjs/common';
import { CreateShop1764300000000 } from '../../../migrations/1764300000000-create-shop';
import { CreateHandovers1764330000000 } from '../../../migrations/1764330000000-create-handovers';
import { TimeMembers1764353000000 } from '../../../migrations/1764353000000-time-members';
import { ContactsModule } from '../../contacts/contacts.module';
import { DeliveriesModule } from '../../deliveries/deliveries.module';
import { DialogsModule } from '../../dialogs/dialogs.module';
import { defineProduct } from '../../dialogs/product';
import { StaffGroupModule } from '../staff-group/staff-group.module';
import { MembershipsJobs } from './membership/memberships.jobs';
import { ShopMember } from './membership/shop-member.entity';
import { NoticeSettings } from './notices/notice-settings.entity';
import { ShopNoticesJobs } from './notices/shop-notices.jobs';
import { StaffEventsHandlers } from './notices/staff-events.handlers';
import { StaffNoticesService } from './notices/staff-notices.service';
import { ShopEventsHandlers } from './shop-pages/shop-events.handlers';
import { ShopOrder } from './shop-pages/shop-order.entity';
import { ShopPagesJobs } from './shop-pages/shop-pages.jobs';
import { SupportQuestion } from './support/support-question.entity';
import { SupportJobs } from './support/support.jobs';
import { SupportService } from './support/support.service';
import { VpnShopProduct } from './vpn-shop.product';

@Module({
  imports: [ContactsModule, DeliveriesModule, DialogsModule, StaffGroupModule],
  controllers: [ShopEventsHandlers, StaffEventsHandlers],
  providers: [
    ...[VpnShopProduct, ShopPagesJobs, ShopNoticesJobs, StaffNoticesService],
    ...[MembershipsJobs, SupportService, SupportJobs],
  ],
})
export class VpnShopModule {}

export const vpnShop = defineProduct({
  module: VpnShopModule,
  entities: [ShopOrder, NoticeSettings, ShopMember, SupportQuestion],
  migrations: [CreateShop1764300000000, CreateHandovers1764330000000, TimeMembers1764353000000],
  dataMap: {
    shop_orders: {
      purpose: 'Where orders are shown that are to be paid, so that what becomes of them is shown in the same place.',
      retention: 'Thirty days, or until the message shows something else.',
      erasure: 'delete row',
      person: 'user_id',
      columns: {
        order_id: 'The order, which payments has.',
        chat_id: 'The chat.',
        message_id: "The channel's id of the message.",
      },
    },
    shop_notice_settings: {
      purpose: 'What people do not want to be told.',
      retention: 'As long as the person is known.',
      erasure: 'delete row',
      person: 'user_id',
      columns: { bot_id: 'The bot.', switched_off: 'Groups of notices.' },
    },
    shop_members: {
      purpose: 'Who is in the channel that a bot asks for, so that who leaves is told before their access rests.',
      retention: 'As long as the person is known.',
      erasure: 'delete row',
      person: 'user_id',
      columns: { bot_id: 'The bot.' },
    },
    shop_questions: {
      purpose: 'Who has asked the staff something, so that they get the answer.',
      retention: 'Thirty days.',
      erasure: 'delete row',
      person: 'user_id',
      columns: { cause_id: 'The message in the group of the staff.', bot_id: 'The bot.' },
    },
    shop_handovers: {
      purpose: 'Who is answered by staff in place of the assistant, so that staff read what they write.',
      retention: 'Written by earlier versions alone; until the assistant answers again, and a day at most after that.',
      erasure: 'delete row',
      person: 'user_id',
      columns: { chat_id: 'The chat.' },
    },
  },
});

import { Module } from '@nestjs/common';
import { ContactsModule } from '../../contacts/contacts.module';
import { DialogsModule } from '../../dialogs/dialogs.module';
import { defineProduct } from '../../dialogs/product';
import { DeliveriesModule } from '../../deliveries/deliveries.module';
import { MediaModule } from '../../media/media.module';
import { SpeechModule } from '../../speech/speech.module';
import { AssistantProduct } from './assistant.product';

@Module({
  imports: [ContactsModule, DeliveriesModule, DialogsModule, MediaModule, SpeechModule],
  providers: [AssistantProduct],
})
export class AssistantModule {}

export const assistant = defineProduct({ module: AssistantModule });

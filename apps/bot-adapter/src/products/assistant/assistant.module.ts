import { Module } from '@nestjs/common';
import { DialogsModule } from '../../dialogs/dialogs.module';
import { MediaModule } from '../../media/media.module';
import { SpeechModule } from '../../speech/speech.module';
import { AssistantProduct } from './assistant.product';

@Module({ imports: [DialogsModule, MediaModule, SpeechModule], providers: [AssistantProduct] })
export class AssistantModule {}

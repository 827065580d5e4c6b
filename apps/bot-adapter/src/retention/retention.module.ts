import { Module } from '@nestjs/common';
import { PreviewsModule } from '../previews/previews.module';
import { Retention } from './retention.service';

@Module({ imports: [PreviewsModule], providers: [Retention] })
export class RetentionModule {}

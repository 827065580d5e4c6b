import { Module } from '@nestjs/common';
import { PeopleModule } from '../people/people.module';
import { DemoController } from './demo.controller';
import { DemoService } from './demo.service';

@Module({ imports: [PeopleModule], controllers: [DemoController], providers: [DemoService] })
export class DemoModule {}

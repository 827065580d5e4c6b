import { Module } from '@nestjs/common';
import { BrowserErrorsController } from './browser-errors.controller';
import { BrowserErrorsService } from './browser-errors.service';

@Module({ controllers: [BrowserErrorsController], providers: [BrowserErrorsService] })
export class BrowserErrorsModule {}

import { Module } from '@nestjs/common';
import { ModelKeys } from './model-keys';
import { ModelsService } from './models.service';

@Module({ providers: [ModelKeys, ModelsService], exports: [ModelKeys, ModelsService] })
export class ModelsModule {}

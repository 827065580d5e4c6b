import { Module } from '@nestjs/common';
import { EmbeddingsService } from './embeddings.service';
import { ModelKeys } from './model-keys';
import { ModelsService } from './models.service';

@Module({
  providers: [EmbeddingsService, ModelKeys, ModelsService],
  exports: [EmbeddingsService, ModelKeys, ModelsService],
})
export class ModelsModule {}

import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { PagesMiddleware } from './pages.middleware';

@Module({})
export class PagesModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(PagesMiddleware).forRoutes('{*path}');
  }
}

import { Module } from '@nestjs/common';
import { ServersModule } from '../servers/servers.module';
import { CloudServersJobs } from './cloud-servers.jobs';
import { ServerOrdersJobs } from './server-orders.jobs';
import { ServerOrdersMetrics } from './server-orders-metrics';
import { ServerTemplatesController } from './server-templates.controller';
import { ServerTemplatesService } from './server-templates.service';

@Module({
  imports: [ServersModule],
  controllers: [ServerTemplatesController],
  providers: [ServerTemplatesService, CloudServersJobs, ServerOrdersJobs, ServerOrdersMetrics],
  exports: [ServerOrdersJobs],
})
export class ServerTemplatesModule {}

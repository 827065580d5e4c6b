import { Module } from '@nestjs/common';
import { VpnProvisionerPersonErased } from '@switchboard/contracts';
import { type AppDefinition, defineApp, PersonErasureModule } from '@switchboard/service-kit';
import { CreateServerTemplates1764500000000 } from '../migrations/1764500000000-create-server-templates';
import { OrdersKeepTheirAccount1764500100000 } from '../migrations/1764500100000-orders-keep-their-account';
import { KeepTraces1764509000000 } from '../migrations/1764509000000-keep-traces';
import { HoldRemovals1764510000000 } from '../migrations/1764510000000-hold-removals';
import { CreateUnknownCloudServers1764510100000 } from '../migrations/1764510100000-create-unknown-cloud-servers';
import { CountPeopleOfServers1764510200000 } from '../migrations/1764510200000-count-people-of-servers';
import { NoteTries1764510210000 } from '../migrations/1764510210000-note-tries';
import { IndexOwedAccesses1764510220000 } from '../migrations/1764510220000-index-owed-accesses';
import { IndexProposals1764510300000 } from '../migrations/1764510300000-index-proposals';
import { IndexLists1764500200000 } from '../migrations/1764500200000-index-lists';
import { CreateServers1764300000000 } from '../migrations/1764300000000-create-servers';
import { CreateAccesses1764300100000 } from '../migrations/1764300100000-create-accesses';
import { CreateMoves1764300200000 } from '../migrations/1764300200000-create-moves';
import { CreateLinks1764400000000 } from '../migrations/1764400000000-create-links';
import { CreateForecasts1764400200000 } from '../migrations/1764400200000-create-forecasts';
import { CreateTraffic1764400100000 } from '../migrations/1764400100000-create-traffic';
import { Access } from './accesses/access.entity';
import { AccessKey } from './accesses/access-key.entity';
import { AccessMove } from './accesses/access-move.entity';
import { AccessesModule } from './accesses/accesses.module';
import { Latency } from './accesses/latency.entity';
import { PanelRemoval } from './accesses/panel-removal.entity';
import type { CloudDefinition } from './clouds/cloud';
import { CloudsModule } from './clouds/clouds.module';
import { Device } from './devices/device.entity';
import { WriteSightings } from './devices/device-sightings.service';
import { DevicesModule } from './devices/devices.module';
import { DriftReport } from './drift/drift-report.entity';
import { DriftModule } from './drift/drift.module';
import { CapacityProposal } from './forecast/capacity-proposal.entity';
import { ForecastModule } from './forecast/forecast.module';
import { HealthSample } from './health/health-sample.entity';
import { ProbeServers } from './health/health.jobs';
import { HealthModule } from './health/health.module';
import { Link } from './links/link.entity';
import { FollowLinkChanges } from './links/link-cache.service';
import { ShareLinkLimits } from './links/shared-limits.service';
import { LinkFront } from './links/link-front.service';
import { LinksModule } from './links/links.module';
import { Maintenance } from './health/maintenance.entity';
import { MigrationsModule } from './migrations/migrations.module';
import { ServerMigration } from './migrations/server-migration.entity';
import { OwnAccessesModule } from './own-accesses/own-accesses.module';
import type { PanelDefinition } from './panels/panel';
import { PanelsModule } from './panels/panels.module';
import { ServerOrder } from './server-templates/server-order.entity';
import { ServerTemplate } from './server-templates/server-template.entity';
import { ServerTemplatesModule } from './server-templates/server-templates.module';
import { Server } from './servers/server.entity';
import { ServerHealth } from './servers/server-health.entity';
import { ServersModule } from './servers/servers.module';
import { TrafficBudget } from './usage/traffic-budget.entity';
import { UsageAnomaly } from './usage/usage-anomaly.entity';
import { UsageModule } from './usage/usage.module';
import { vpnProvisionerConfig } from './vpn-provisioner.config';
import { vpnProvisionerDataMap } from './vpn-provisioner.data-map';

/** The service with these kinds of panels and clouds: nothing else knows which there are. */
export function defineVpnProvisioner(
  panels: readonly PanelDefinition[],
  clouds: readonly CloudDefinition[] = [],
): AppDefinition {
  // From the bottom to the top: a module imports only such as stand before it.
  @Module({
    imports: [
      CloudsModule.with(clouds),
      PanelsModule.with(panels),
      ServersModule,
      AccessesModule,
      DriftModule,
      HealthModule,
      MigrationsModule,
      OwnAccessesModule,
      DevicesModule,
      UsageModule,
      LinksModule,
      ServerTemplatesModule,
      ForecastModule,
      PersonErasureModule.saying(VpnProvisionerPersonErased),
    ],
  })
  class VpnProvisionerModule {}

  return defineApp({
    name: 'vpn-provisioner',
    module: VpnProvisionerModule,
    config: vpnProvisionerConfig,
    entities: [
      ...[Server, ServerHealth, HealthSample, Maintenance],
      ...[Access, AccessKey, AccessMove, Latency, PanelRemoval],
      ...[ServerMigration, DriftReport],
      ...[ServerTemplate, ServerOrder],
      ...[TrafficBudget, UsageAnomaly, Device, Link, CapacityProposal],
    ],
    migrations: [
      CreateServers1764300000000,
      CreateAccesses1764300100000,
      CreateMoves1764300200000,
      CreateLinks1764400000000,
      CreateTraffic1764400100000,
      CreateForecasts1764400200000,
      CreateServerTemplates1764500000000,
      OrdersKeepTheirAccount1764500100000,
      IndexLists1764500200000,
      KeepTraces1764509000000,
      HoldRemovals1764510000000,
      CreateUnknownCloudServers1764510100000,
      CountPeopleOfServers1764510200000,
      NoteTries1764510210000,
      IndexOwedAccesses1764510220000,
      IndexProposals1764510300000,
    ],
    dataMap: vpnProvisionerDataMap,
    encrypted: ['servers.secrets', 'server_templates.secrets', 'server_orders.secrets'],
    tasks: [ProbeServers, FollowLinkChanges, WriteSightings, ShareLinkLimits],
    publicFront: LinkFront,
    port: 4105,
    publicPort: 4205,
  });
}

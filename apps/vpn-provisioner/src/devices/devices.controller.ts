import { Controller } from '@nestjs/common';
import { ForgetMyDevice, ListMyDevices, ResetMyDevices } from '@switchboard/contracts';
import { type AnswerOf, asActor, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { DevicesService } from './devices.service';
import { ownAccess } from './own-access';

@Controller()
export class DevicesController {
  constructor(
    private readonly db: DataSource,
    private readonly devices: DevicesService,
  ) {}

  @Implements(ListMyDevices)
  list({ actor, params }: RequestOf<typeof ListMyDevices>): Promise<AnswerOf<typeof ListMyDevices>> {
    return asActor(this.db, actor, async (tx) => {
      const access = await ownAccess(tx, actor.id, params.accessId);
      return {
        data: await this.devices.list(tx, access),
        limit: access.deviceLimit,
        resetsLeft: await this.devices.resetsLeft(tx, access.id),
      };
    });
  }

  @Implements(ForgetMyDevice)
  forget({ actor, params }: RequestOf<typeof ForgetMyDevice>): Promise<void> {
    return asActor(this.db, actor, async (tx) =>
      this.devices.forget(tx, await ownAccess(tx, actor.id, params.accessId), params.deviceId),
    );
  }

  @Implements(ResetMyDevices)
  reset(
    { actor, params }: RequestOf<typeof ResetMyDevices>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof ResetMyDevices>> {
    return asActor(tx, actor, async (own) => ({
      forgotten: await this.devices.forgetAll(own, await ownAccess(own, actor.id, params.accessId)),
    }));
  }
}

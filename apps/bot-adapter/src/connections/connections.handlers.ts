import { Consumer, OnSignal } from '@switchboard/bus';
import { ConnectionsChanged } from '@switchboard/contracts';
import { ConnectionsService } from './connections.service';

@Consumer('connections')
export class ConnectionsHandlers {
  constructor(private readonly connections: ConnectionsService) {}

  @OnSignal(ConnectionsChanged)
  changed(): Promise<void> {
    return this.connections.look();
  }
}

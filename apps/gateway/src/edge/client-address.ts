import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOG, type Log } from '@switchboard/service-kit';
import type { IncomingMessage } from 'node:http';
import proxyAddress from 'proxy-addr';
import type { EdgeConfig } from './edge.config';

/** `203.0.113.7:50001` and `[2001:db8::7]:443`, as some proxies name whom they ask for. */
const WITH_PORT = /^(\d+(?:\.\d+){3}):\d+$|^\[(.*)\](?::\d+)?$/;
const withoutPort = (address: string) => address.replace(WITH_PORT, '$1$2');

/** From where a request comes: the address that a trusted proxy names, otherwise that of the connection. */
@Injectable()
export class ClientAddress {
  private readonly isTrusted: (address: string, index: number) => boolean;
  private hasWarned = false;

  constructor(
    @Inject(CONFIG) { GATEWAY_TRUSTED_PROXIES }: EdgeConfig,
    @Inject(LOG) private readonly log: Log,
  ) {
    const trusted = proxyAddress.compile(GATEWAY_TRUSTED_PROXIES.split(',').map((part) => part.trim()));
    this.isTrusted = (address, index) => trusted(withoutPort(address), index);
  }

  /** @returns undefined when the connection has ended already */
  of(request: IncomingMessage): string | undefined {
    const { remoteAddress } = request.socket;
    if (remoteAddress === undefined) return undefined;
    if (request.headers['x-forwarded-for'] !== undefined && !this.isTrusted(remoteAddress, 0)) this.warn(remoteAddress);
    return withoutPort(proxyAddress(request, this.isTrusted));
  }

  private warn(remoteAddress: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.log.warn(
      { remoteAddress },
      'X-Forwarded-For of an address that GATEWAY_TRUSTED_PROXIES does not name: all who come through it are limited as one',
    );
  }
}

import { Injectable } from '@nestjs/common';
import type { ConnectedAccount } from './channel';

export type ConnectionListener = (botId: string, connected: ConnectedAccount) => void;

/** The connected account of each bot as this process knows it: whoever keeps them writes it, and channels read it at each call. */
@Injectable()
export class ConnectedAccounts {
  private byBot: ReadonlyMap<string, ConnectedAccount> = new Map();
  private readonly onLostListeners: ConnectionListener[] = [];
  private readonly onChangeListeners: ((botId: string) => void)[] = [];

  of(botId: string): ConnectedAccount | undefined {
    return this.byBot.get(botId);
  }

  replace(byBot: ReadonlyMap<string, ConnectedAccount>): void {
    const former = this.byBot;
    this.byBot = byBot;
    const isUsable = (one: ConnectedAccount | undefined) => one?.token !== undefined;
    const changed = [...byBot].filter(([botId, now]) => {
      const before = former.get(botId);
      return isUsable(now) && (!isUsable(before) || before!.account !== now.account);
    });
    for (const [botId] of changed) for (const listener of this.onChangeListeners) listener(botId);
  }

  /** The channel has refused the token. */
  lost(botId: string, connected: ConnectedAccount): void {
    for (const listener of this.onLostListeners) listener(botId, connected);
  }

  onLost(listener: ConnectionListener): void {
    this.onLostListeners.push(listener);
  }

  /** A bot has got an account, or another one, or the one that it had lost. */
  onChange(listener: (botId: string) => void): void {
    this.onChangeListeners.push(listener);
  }
}

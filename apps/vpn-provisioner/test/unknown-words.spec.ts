import {
  SubscriptionActivated,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionExpired,
  SubscriptionPaused,
  SubscriptionRenewed,
  SubscriptionResumed,
} from '@switchboard/contracts';
import { hearsUnknownWords } from '@switchboard/testing';
import { TestVpn } from './build';
import { pretended } from './pretended.panel';
import { defineVpnProvisioner } from '../src/vpn-provisioner.module';

/** A newer version of another service says words that this one has never heard of. */
describe('words that vpn-provisioner does not know', () => {
  let vpn: TestVpn;

  beforeAll(async () => {
    vpn = await TestVpn.start();
  });
  afterAll(() => vpn.app.stop());

  it('keep no event from being applied', () => {
    const events = [
      ...[SubscriptionActivated, SubscriptionRenewed, SubscriptionChanged, SubscriptionPaused],
      ...[SubscriptionResumed, SubscriptionExpired, SubscriptionEnded],
    ];
    const state = () => vpn.subscription({ period: { count: 1, unit: 'month' } });
    const samples = Object.fromEntries(events.map((event) => [event.type, () => event(state())]));
    return hearsUnknownWords(vpn.app, defineVpnProvisioner([pretended]), samples);
  });
});

import type { SandboxClient } from './sandbox-client.mts';

/** Those of the sandbox that take money by pages of their own. */
export const PROVIDERS = ['yookassa', 'cloudpayments', 'stripe', 'wata', 'cryptobot'] as const;
export const YOOKASSA_SHOP = '500001';

/** Where each provider tells of payments, as the owner of a shop writes it down in its cabinet. */
export async function tellProviders(
  { yookassa, cloudpayments, stripe, wata, cryptobot }: SandboxClient,
  at: (provider: (typeof PROVIDERS)[number]) => string,
): Promise<void> {
  await yookassa.setShop({ shopId: YOOKASSA_SHOP, webhookUrl: at('yookassa') });
  await cloudpayments.setTerminal({ publicId: 'test_api_sandbox', webhookUrl: at('cloudpayments') });
  await stripe.setAccount({ key: 'sk_test_sandbox', webhook: { url: at('stripe'), secret: 'whsec_sandbox' } });
  await wata.setTerminal({ token: 'wata-sandbox-token', webhookUrl: at('wata') });
  await cryptobot.setApp({ token: '12345:AASandboxCryptoPayToken', webhookUrl: at('cryptobot') });
}

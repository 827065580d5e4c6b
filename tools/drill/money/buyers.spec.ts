import { UpstreamHttpError } from '@switchboard/service-kit';
import { Buyers, type BuyersOptions } from './buyers.mts';

/** People at a shop that answers everything with a status. */
function buyersAnswered(status: number, code: string): Buyers {
  const problem = { code, message: code, requestId: '1' } as unknown as UpstreamHttpError['problem'];
  const asPerson = () => Promise.reject(new UpstreamHttpError('payments.shop', status, problem));
  const shop = { gateway: { asPerson } } as unknown as BuyersOptions['shop'];
  const sandbox = { yookassa: { payments: async () => [] } } as unknown as BuyersOptions['sandbox'];
  const bank = {
    provider: 'yookassa',
    currencies: ['RUB'],
    refunds: true,
  } as unknown as BuyersOptions['banks'][number];
  return new Buyers({ shop, sandbox, banks: [bank], catalogue: { plans: [], packageId: '' }, seed: 1 });
}

it('goes on where a shop refuses, as it may', async () => {
  const buyers = buyersAnswered(409, 'payments.order_closed');
  await buyers.buy(3, 1);
  expect(buyers.ways).toEqual({ 'refused: payments.order_closed': 3 });
});

it.each([
  ['has failed, for as long as it was asked', 500, 'internal'],
  ['never says what has become of it', 409, 'request_in_progress'],
])('ends where a shop %s', async (_, status, code) => {
  await expect(buyersAnswered(status, code).buy(3, 1)).rejects.toThrow(UpstreamHttpError);
});

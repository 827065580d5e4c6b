import { parseBotLink, parseInvoiceLink, safeAddress } from './telegram-link';

describe('links in messages', () => {
  it.each([
    ['https://t.me/shop_bot?start=ref_7', { username: 'shop_bot', start: 'ref_7' }],
    ['https://t.me/shop_bot', { username: 'shop_bot' }],
    ['tg://resolve?domain=shop_bot&start=7', { username: 'shop_bot', start: '7' }],
    ['https://example.com/shop_bot?start=7', undefined],
    ['https://t.me/channel/42', undefined],
    ['not an address', undefined],
  ])('%s leads to the right bot, or to none', (address, expected) => {
    expect(parseBotLink(address)).toEqual(expected);
  });

  it('an invoice is known by its slug', () => {
    expect(parseInvoiceLink('https://t.me/$HYOj_-qk')).toBe('HYOj_-qk');
    expect(parseInvoiceLink('https://t.me/shop_bot')).toBeUndefined();
    expect(parseBotLink('https://t.me/$HYOj_-qk')).toBeUndefined();
  });

  it('an address without a scheme is taken as https', () => {
    expect(safeAddress('example.com/a')).toBe('https://example.com/a');
    expect(safeAddress('example.com:8080/a')).toBe('https://example.com:8080/a');
  });

  it('a script is no address', () => {
    expect(safeAddress('javascript:alert(1)')).toBeUndefined();
    expect(safeAddress('data:text/html,hi')).toBeUndefined();
  });
});

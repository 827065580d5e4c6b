import { decimalOf, minorOf } from './money';

it.each([
  ['199', 'RUB', 19_900],
  ['1 990,5', 'RUB', 199_050],
  ['1\u00a0990.05', 'RUB', 199_005],
  ['0.07', 'USD', 7],
  ['250', 'XTR', 250],
  ['1200', 'JPY', 1200],
  ['1.234', 'KWD', 1234],
  ['5.', 'USD', 500],
])('%s of %s is as much as was typed', (text, currency, minor) => {
  expect(minorOf(text, currency)).toBe(minor);
});

it.each([
  ['1.999', 'RUB'],
  ['250.5', 'XTR'],
  ['-5', 'RUB'],
  ['', 'RUB'],
  ['five', 'RUB'],
  ['1,990.00', 'USD'],
  ['99999999999999', 'RUB'],
])('%s of %s is no amount', (text, currency) => {
  expect(minorOf(text, currency)).toBeUndefined();
});

it.each([
  [19_900, 'RUB', '199.00'],
  [7, 'USD', '0.07'],
  [250, 'XTR', '250'],
  [1234, 'KWD', '1.234'],
])('%i of %s stands in a field as it would be typed', (amountMinor, currency, text) => {
  expect(decimalOf({ amountMinor, currency }, 'en')).toBe(text);
  expect(minorOf(text, currency)).toBe(amountMinor);
  const inRussian = decimalOf({ amountMinor, currency }, 'ru');
  expect(inRussian).toBe(text.replace('.', ','));
  expect(minorOf(inRussian, currency)).toBe(amountMinor);
});

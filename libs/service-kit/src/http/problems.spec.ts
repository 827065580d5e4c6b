import { BotId, Locale, TimeZone } from '@switchboard/contracts';
import { z } from 'zod';
import { fieldErrorsOf } from './problems';

it('what does not fit is told in words of both languages, and by no pattern', () => {
  const schema = z.object({ zone: TimeZone, languages: z.array(Locale), id: BotId, other: z.string().regex(/^a$/) });
  const value = { zone: 'Mars', languages: ['English'], id: 'A', other: 'b' };
  const told = fieldErrorsOf(value, schema.safeParse(value).error!.issues);
  expect(told.map(({ pointer }) => pointer)).toEqual(['/zone', '/languages/0', '/id', '/other']);
  for (const { detail } of told) {
    expect(detail.en).not.toMatch(/\^|[а-я]/);
    expect(detail.ru).toMatch(/^[А-Я][^^]+$/);
  }
  expect(told[0]!.detail.en).toContain('Europe/Berlin');
  expect(told[1]!.detail.ru).toContain('pt-BR');
});

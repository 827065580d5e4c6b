import { type BotsRegistry, DomainError } from '@switchboard/service-kit';
import { BotNotFound } from '../terms/terms.service';

class BrandNeeded extends DomainError {
  constructor(brandId: string) {
    const texts = {
      en: 'The bot is an account of a shop whose home is another bot.',
      ru: 'Этот бот — один из аккаунтов магазина, главный бот у него другой.',
    };
    super('payments.brand_needed', texts, 422, { brandId });
  }
}

/** The home bot of the shop to which an account belongs: all its accounts sell the same goods. */
export const brandOf = (bots: BotsRegistry, botId: string): string => bots.find(botId)?.brand ?? botId;

/** @throws BotNotFound, BrandNeeded */
export function requireBrand(bots: BotsRegistry, botId: string): void {
  const bot = bots.find(botId);
  if (!bot) throw new BotNotFound(botId);
  if (bot.brand !== undefined && bot.brand !== botId) throw new BrandNeeded(bot.brand);
}

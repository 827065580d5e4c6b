// What one member of staff does alone; a spec holds it against the contracts. The server decides: here it is said beforehand.

/** Given back, in the smallest parts of a currency; of others nothing. */
export const refundedAlone: Readonly<Record<string, number>> = { RUB: 500_000, USD: 5000, EUR: 5000, XTR: 2500 };

export const daysGivenAlone = 30;

/** Corrected on a balance, in either direction. */
export const correctedAlone: Readonly<Record<string, number>> = { RUB: 50_000, USD: 500, EUR: 500, XTR: 250 };

const MUCH_PERCENT = 50;
/** Of what somebody pays, given to whoever has brought them. */
export const givesMuch = (percents: readonly (number | undefined)[]): boolean =>
  percents.reduce<number>((sum, percent = 0) => sum + (Number.isNaN(percent) ? 0 : percent), 0) > MUCH_PERCENT;

/** By the reasons of the ledger; a spec holds them against those that are booked. */
export const balanceCauses = {
  en: {
    payment: 'Payment',
    purchase: 'Purchase',
    refund: 'Money back',
    reward: 'Reward',
    payout: 'Payout',
    correction: 'Correction',
    'set aside': 'Set aside for an order',
    'set free': 'No longer set aside',
  },
  ru: {
    payment: 'Платёж',
    purchase: 'Покупка',
    refund: 'Возврат',
    reward: 'Вознаграждение',
    payout: 'Выплата',
    correction: 'Исправление',
    'set aside': 'Отложено на заказ',
    'set free': 'Больше не отложено',
  },
};

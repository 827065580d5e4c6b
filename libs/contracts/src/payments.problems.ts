import { storeProblems } from './payments.store.problems';
import type { ProblemText } from './problem-text';

export const paymentsProblems: Readonly<Record<string, ProblemText>> = {
  ...storeProblems,
  'payments.amount_out_of_range': {
    en: 'The amount is too small or too large.',
    ru: 'Сумма слишком мала или слишком велика.',
    todo: { en: 'Name an amount within the bounds.', ru: 'Укажите сумму в допустимых пределах.' },
  },
  'payments.balance_too_low': {
    en: 'There is not enough on the balance.',
    ru: 'На балансе недостаточно средств.',
    todo: { en: 'Take less, or look what was booked last.', ru: 'Спишите меньше или посмотрите последние проводки.' },
  },
  'payments.campaign_not_found': { en: 'There is no such campaign.', ru: 'Такой кампании нет.' },
  'payments.code_taken': {
    en: 'The bot has one of this name already.',
    ru: 'У бота уже есть такое имя.',
    todo: { en: 'Choose another one.', ru: 'Выберите другое.' },
  },
  'payments.currency_not_sold': {
    en: 'It is not sold in this currency.',
    ru: 'В этой валюте это не продаётся.',
    todo: { en: 'Choose one of those that have a price.', ru: 'Выберите валюту, для которой есть цена.' },
  },
  'payments.demo_refused': {
    en: 'There is no demo company in production.',
    ru: 'В рабочей установке демо-компании нет.',
  },
  'payments.email_needed': {
    en: 'An e-mail address is needed for the receipt.',
    ru: 'Для чека нужен адрес электронной почты.',
    todo: { en: 'Send one with the order.', ru: 'Укажите его в заказе.' },
  },
  'payments.gift_opened': {
    en: 'The gift was opened already.',
    ru: 'Подарок уже открыт.',
  },
  'payments.gift_over': {
    en: 'The gift cannot be opened any more: it was not opened in time, or its price went back.',
    ru: 'Подарок больше нельзя открыть: срок вышел или деньги за него возвращены.',
  },
  'payments.gift_own': {
    en: 'The gift is for somebody else than who has bought it.',
    ru: 'Подарок предназначен не тому, кто его купил.',
    todo: { en: 'Pass the link on.', ru: 'Передайте ссылку тому, кому дарите.' },
  },
  'payments.guest_order_claimed': {
    en: 'Somebody has taken the purchase over already.',
    ru: 'Эту покупку уже забрали.',
  },
  'payments.guest_order_refunded': {
    en: 'The money for the purchase went back.',
    ru: 'Деньги за покупку возвращены.',
  },
  'payments.guest_order_unpaid': {
    en: 'The purchase is not paid yet.',
    ru: 'Покупка ещё не оплачена.',
    todo: { en: 'Pay it, and try again in a moment.', ru: 'Оплатите её и повторите через минуту.' },
  },
  'payments.ledger_month_not_found': {
    en: 'That month is not closed, or nothing was booked in it.',
    ru: 'Этот месяц ещё не закрыт, или в нём не было проводок.',
  },
  'payments.link_exists': {
    en: 'There is a link with this label.',
    ru: 'Ссылка с такой меткой уже есть.',
    todo: { en: 'Choose another label.', ru: 'Выберите другую метку.' },
  },
  'payments.no_referrals': {
    en: 'This bot rewards nobody for bringing people.',
    ru: 'У этого бота нет реферальной программы.',
  },
  'payments.no_shop': { en: 'This bot sells nothing.', ru: 'Этот бот ничего не продаёт.' },
  'payments.not_a_partner': {
    en: 'Only partners have more than one link.',
    ru: 'Больше одной ссылки бывает только у партнёров.',
  },
  'payments.not_authentic': {
    en: 'Nothing shows that the payment provider has sent this.',
    ru: 'Не видно, что это прислал платёжный провайдер.',
    todo: { en: "Compare the secret of the bot's provider.", ru: 'Сверьте секрет провайдера в настройках бота.' },
  },
  'payments.not_pausable': { en: 'It cannot rest now.', ru: 'Сейчас её нельзя приостановить.' },
  'payments.nothing_to_charge': {
    en: 'There is nothing that could be charged.',
    ru: 'Списывать не с чего.',
    todo: { en: 'Save a card or top up the balance.', ru: 'Сохраните карту или пополните баланс.' },
  },
  'payments.nothing_to_refund': {
    en: 'So much was not paid, or went back already.',
    ru: 'Столько не было оплачено или уже возвращено.',
    todo: { en: 'Ask for no more than is left.', ru: 'Запросите не больше, чем осталось.' },
  },
  'payments.offer_not_found': { en: 'There is no such offer.', ru: 'Такого предложения нет.' },
  'payments.order_closed': {
    en: 'The order is closed.',
    ru: 'Заказ закрыт.',
    todo: { en: 'Place a new one.', ru: 'Оформите новый.' },
  },
  'payments.payout_decided': {
    en: 'The payout is in another state than this needs.',
    ru: 'Выплата сейчас в другом состоянии.',
    todo: { en: 'Read it again.', ru: 'Прочитайте её ещё раз.' },
  },
  'payments.payout_open': {
    en: 'The last payout is not decided yet.',
    ru: 'По прошлой выплате ещё не решено.',
    todo: { en: 'Wait for it, or take it back.', ru: 'Дождитесь решения или отзовите её.' },
  },
  'payments.payout_too_large': {
    en: 'So much was not earned, or it was spent.',
    ru: 'Столько не заработано или уже потрачено.',
    todo: {
      en: '`params.payableMinor` is what can be asked for.',
      ru: '`params.payableMinor` — сколько можно запросить.',
    },
  },
  'payments.payout_too_small': {
    en: 'So little, or this currency, is not paid out.',
    ru: 'Такая сумма или валюта не выплачивается.',
    todo: {
      en: '`params.leastMinor` is the least; null: nothing of the currency is paid out.',
      ru: '`params.leastMinor` — наименьшая сумма; null: в этой валюте выплат нет.',
    },
  },
  'payments.promo_expired': { en: 'The promo code is no longer valid.', ru: 'Срок промокода истёк.' },
  'payments.promo_not_for_this': {
    en: 'The promo code is not for this purchase.',
    ru: 'Промокод не подходит для этой покупки.',
  },
  'payments.promo_used': { en: 'The promo code has been used already.', ru: 'Промокод уже использован.' },
  'payments.provider_not_offered': {
    en: 'This way of paying is not offered here.',
    ru: 'Такой способ оплаты здесь недоступен.',
    todo: { en: 'Choose one that the shop names.', ru: 'Выберите один из предложенных магазином.' },
  },
  'payments.referral_limit': {
    en: 'Too many people came by this invitation today.',
    ru: 'Сегодня по этому приглашению пришло слишком много людей.',
    todo: { en: 'Try again tomorrow.', ru: 'Попробуйте завтра.' },
  },
  'payments.referral_not_new': {
    en: 'Who has invited somebody counts only soon after they came, once, and before they pay.',
    ru: 'Приглашение учитывается один раз, вскоре после прихода и до первой оплаты.',
  },
  'payments.referral_own': {
    en: 'Nobody invites themselves.',
    ru: 'Пригласить себя нельзя.',
  },
  'payments.subscription_over': {
    en: 'The subscription has ended.',
    ru: 'Подписка завершена.',
    todo: { en: 'The person can buy a new one.', ru: 'Человек может купить новую.' },
  },
  'payments.too_many_links': {
    en: 'There are too many links.',
    ru: 'Слишком много ссылок.',
  },
  'payments.too_many_open_orders': {
    en: 'There are too many orders that are not paid.',
    ru: 'Слишком много неоплаченных заказов.',
    todo: { en: 'Pay or cancel what was ordered before.', ru: 'Оплатите или отмените прежние заказы.' },
  },
  'payments.trial_not_offered': { en: 'There is no trial here.', ru: 'Пробного периода здесь нет.' },
  'payments.trial_only_once': {
    en: 'The trial has been had already.',
    ru: 'Пробный период уже был использован.',
    todo: { en: 'Choose a plan.', ru: 'Выберите тариф.' },
  },
  'payments.unknown_account': {
    en: 'The bot has no account with this payment provider.',
    ru: 'У бота нет аккаунта у этого платёжного провайдера.',
    todo: { en: 'Compare the address with the settings of the bot.', ru: 'Сверьте адрес с настройками бота.' },
  },
  'payments.offer_over': {
    en: 'The offer would be over before it begins.',
    ru: 'Предложение закончилось бы, не начавшись.',
    todo: { en: 'Name a time that comes.', ru: 'Укажите время в будущем.' },
  },
  'payments.use_limit_too_low': {
    en: 'More than that was used already.',
    ru: 'Использовано уже больше.',
    todo: { en: 'Name at least what is owed by now.', ru: 'Укажите не меньше того, что уже начислено.' },
  },
  'payments.use_price_missing': {
    en: 'Use beyond the plan has no price in a currency in which the plan has one.',
    ru: 'У использования сверх тарифа нет цены в одной из валют тарифа.',
    todo: { en: 'Add a price for each currency of the plan.', ru: 'Добавьте цену для каждой валюты тарифа.' },
  },
};

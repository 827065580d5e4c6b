import type { ProblemText } from './problem-text';

/** Of goods, stock, delivery, carts, store orders and returns. */
export const storeProblems: Readonly<Record<string, ProblemText>> = {
  'payments.address_erased': {
    en: 'To whom the order went is not kept any more.',
    ru: 'Данные получателя этого заказа уже удалены.',
  },
  'payments.address_needed': {
    en: 'This way of delivery needs an address and somebody who receives it.',
    ru: 'Для этого способа доставки нужны адрес и получатель.',
    todo: { en: 'Send `address` and `recipient` along.', ru: 'Передайте `address` и `recipient`.' },
  },
  'payments.brand_needed': {
    en: 'The bot is an account of a shop whose home is another bot.',
    ru: 'Этот бот — один из аккаунтов магазина, главный бот у него другой.',
    todo: { en: '`params.brandId` names the home bot.', ru: 'Главный бот назван в `params.brandId`.' },
  },
  'payments.cart_changed': {
    en: 'The cart, a price or the delivery is not what was seen any more.',
    ru: 'Корзина, цена или доставка изменились с тех пор, как их показали.',
    todo: {
      en: 'Read the cart, show the new sum, and order again.',
      ru: 'Прочитайте корзину, покажите новую сумму и оформите заказ снова.',
    },
  },
  'payments.cart_full': {
    en: 'There are as many different things in the cart as may be.',
    ru: 'В корзине уже максимум разных товаров.',
    todo: { en: 'Order them, or take something out.', ru: 'Оформите заказ или уберите что-нибудь.' },
  },
  'payments.choice_taken': {
    en: 'The product has a variant of this choice.',
    ru: 'У товара уже есть такой вариант.',
    todo: { en: '`params.variantId` names it.', ru: 'Он назван в `params.variantId`.' },
  },
  'payments.choice_unknown': {
    en: 'The choice does not name one value of each option of the product.',
    ru: 'В варианте должно быть по одному значению каждого параметра товара.',
  },
  'payments.delivery_not_offered': {
    en: 'It is not delivered so: not in this currency, not to this country, or not any more.',
    ru: 'Так не доставляем: не в этой валюте, не в эту страну или больше никак.',
    todo: { en: 'Choose one that the cart offers.', ru: 'Выберите способ из предложенных корзиной.' },
  },
  'payments.file_too_many_rows': {
    en: 'The table has too many rows or cells.',
    ru: 'В таблице слишком много строк или ячеек.',
    todo: { en: '`params.most` is how many may be.', ru: 'Сколько можно, сказано в `params.most`.' },
  },
  'payments.file_unreadable': {
    en: 'The file is no table that could be read, or has no column of SKUs.',
    ru: 'Файл не удалось прочитать как таблицу, или в нём нет столбца с артикулами.',
    todo: {
      en: 'Send CSV or XLSX with the headers of an export.',
      ru: 'Отправьте CSV или XLSX с заголовками, как в выгрузке.',
    },
  },
  'payments.import_not_ready': {
    en: 'The import was not checked yet, or was applied already.',
    ru: 'Импорт ещё не проверен или уже применён.',
    todo: { en: 'Read how far it is.', ru: 'Посмотрите, как далеко он продвинулся.' },
  },
  'payments.nothing_to_return': {
    en: 'So many pieces were not ordered, or came back already.',
    ru: 'Столько не заказывали или уже вернули.',
    todo: { en: 'Name no more than is left.', ru: 'Укажите не больше, чем осталось.' },
  },
  'payments.option_in_use': {
    en: 'A variant has the value of an option that would go.',
    ru: 'У одного из вариантов есть значение параметра, которое исчезло бы.',
    todo: { en: 'Change or archive the variant first.', ru: 'Сначала измените вариант или отправьте его в архив.' },
  },
  'payments.order_document_not_ready': {
    en: 'The paper is still being written, or could not be.',
    ru: 'Документ ещё готовится, или его не удалось сделать.',
    todo: { en: 'Wait a moment, or have it written again.', ru: 'Подождите немного или запросите его снова.' },
  },
  'payments.order_state_refused': {
    en: 'The order is not as far as this needs, or further.',
    ru: 'В нынешнем состоянии заказа это сделать нельзя.',
    todo: { en: '`params.allowed` is where it can go.', ru: 'Куда можно перейти, сказано в `params.allowed`.' },
  },
  'payments.out_of_stock': {
    en: 'There are not so many left.',
    ru: 'Столько нет в наличии.',
    todo: {
      en: '`params.variants` names which, and how many there are.',
      ru: 'Чего не хватает и сколько осталось, сказано в `params.variants`.',
    },
  },
  'payments.reason_needed': {
    en: 'A step backwards needs a reason.',
    ru: 'Для шага назад нужна причина.',
  },
  'payments.refund_differs': {
    en: 'The sum is not what was paid and has not gone back.',
    ru: 'Сумма не совпадает с тем, что оплачено и ещё не возвращено.',
    todo: { en: '`params.refundableMinor` is what it would be.', ru: 'Верная сумма — в `params.refundableMinor`.' },
  },
  'payments.return_state_refused': {
    en: 'In the state in which the return is, this cannot be done.',
    ru: 'В нынешнем состоянии возврата это сделать нельзя.',
  },
  'payments.shop_details_missing': {
    en: 'The terms of the shop do not say who sells: an invoice needs it.',
    ru: 'В условиях магазина не указан продавец, а для счёта он нужен.',
    todo: { en: 'Fill in the name and the tax number.', ru: 'Заполните название и ИНН.' },
  },
  'payments.sku_taken': {
    en: 'The shop has a variant of this SKU.',
    ru: 'В магазине уже есть вариант с таким артикулом.',
    todo: { en: 'Choose another one.', ru: 'Выберите другой.' },
  },
  'payments.stock_not_tracked': {
    en: 'The pieces of this variant are not counted.',
    ru: 'Для этого варианта остатки не считаются.',
    todo: { en: 'Have them counted first.', ru: 'Сначала включите учёт остатков.' },
  },
  'payments.stock_too_low': {
    en: 'Fewer would be left than are reserved, or than none.',
    ru: 'Осталось бы меньше, чем зарезервировано, или меньше нуля.',
    todo: { en: '`params.reserved` are kept for orders.', ru: 'За заказами закреплено `params.reserved`.' },
  },
};

/** What people ask a shop, by what it is about; one message a line. Written before the examples by which the code tells them apart. */
export const messages: Record<string, string> = {
  size: `
    какой размер брать на рост 176?
    у вас есть таблица размеров?
    обычно ношу 48, подойдёт ли L?
    обхват груди 92, это какой размер
    большемерят или маломерят эти кроссовки?
    which size should I take if I am 180 cm?
    does it run small?
    do you have a size chart
    I usually wear 42, will M fit me?
    chest 92 cm, what size is that`,
  price: `
    сколько стоит эта куртка?
    какая цена у рюкзака
    есть ли скидки на прошлую коллекцию?
    почём шапка?
    действует ли промокод на обувь
    how much is the grey coat?
    what is the price of the backpack
    any discount if I buy two?
    do you have a sale now
    does the promo code work for shoes`,
  delivery: `
    вы доставляете в Новосибирск?
    сколько идёт посылка до Владивостока
    можно курьером до двери?
    сколько стоит доставка
    есть самовывоз?
    do you ship to Ireland?
    how long does delivery take
    can it be delivered by courier to the door?
    what does shipping cost
    is there a pickup point near the station`,
  'order-status': `
    где мой заказ 2026-0077?
    заказ уже отправили?
    скажите трек-номер посылки
    когда придёт мой заказ
    статус заказа подскажите
    where is my order 2026-0077?
    has my order been sent?
    what is the tracking number of my parcel
    when will my order arrive
    order status please`,
  return: `
    как вернуть товар?
    хочу обменять на другой размер
    сколько дней на возврат
    кто платит за обратную пересылку при возврате
    не подошло, хочу сдать обратно
    how do I return it?
    I want to exchange it for another size
    how many days do I have to send it back
    who pays for the return shipping
    it does not fit, I want a refund`,
  complaint: `
    это безобразие, позовите начальника
    хочу пожаловаться на курьера
    товар пришёл с браком
    пришла не та вещь, что я заказывал
    куртка порвалась на второй день, что за качество
    this is outrageous, get me your boss
    I want to complain about the courier
    the item arrived damaged
    you sent me the wrong thing
    the jacket tore on day two, what kind of quality is that`,
  other: `
    привет
    спасибо
    вы где находитесь?
    работаете ли вы в праздники?
    а кто вы, бот?
    hello
    thanks a lot
    where is your shop?
    are you open on holidays?
    am I talking to a robot?`,
};

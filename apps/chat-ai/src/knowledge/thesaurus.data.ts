/**
 * What people call the things that any business is asked about, in Russian and English: a line is a group, separated by
 * commas; several words are a phrase. Words meet by their stems, so one form of each is enough. General on purpose: what
 * only one company calls something belongs into its own `synonyms.txt`.
 */
export const GENERAL_THESAURUS = `
# time
hours: открыто, открыты, открываться, открытие, закрыто, закрываться, закрытие, работать, работа, часы работы, часы, график, режим работы, расписание, до скольки, со скольки, с какого часа, до какого часа, во сколько, в какое время, open, opening hours, opening times, hours, close, closing time, closed, schedule, timetable, working hours, business hours, what time, how late, till when, until when, from when, staffed
понедельник, пн, monday, mon, будни, weekdays, ежедневно, daily, every day, каждый день
вторник, вт, tuesday, tue, будни, weekdays, ежедневно, daily, every day, каждый день
среда, ср, wednesday, wed, будни, weekdays, ежедневно, daily, every day, каждый день
четверг, чт, thursday, thu, будни, weekdays, ежедневно, daily, every day, каждый день
пятница, пт, friday, fri, будни, weekdays, ежедневно, daily, every day, каждый день
суббота, сб, saturday, sat, выходные, weekend, ежедневно, daily, every day, каждый день, seven days a week, без выходных
воскресенье, вс, воскресный, sunday, sun, выходные, weekend, ежедневно, daily, every day, каждый день, seven days a week, без выходных
выходные, выходной, суббота, воскресенье, weekend, weekends, saturday, sunday, будни, weekday, weekdays, ежедневно, daily
будни, будний день, рабочий день, рабочие дни, weekday, weekdays, working day, business day
круглосуточно, ночью, ночь, ночной, around the clock, at night, night, overnight, 24/7
праздник, праздничный, новый год, новогодний, январь, каникулы, holiday, public holiday, christmas, new year, vacation
сегодня, today
утро, утром, с утра, morning
вечер, вечером, evening
как долго, сколько времени, сколько дней, сколько часов, сколько ждать, срок, длиться, длится, занимает, продолжительность, долго, how long, duration, last, lasts
быстро, срочно, скорее, экспресс, quick, fast, urgent, express, same day
# money
price: цена, цены, стоить, стоит, стоимость, обойтись, обойдется, прайс, расценки, тариф, ценник, почем, сколько стоит, сколько будет стоить, дорого, руб, рубль, price, prices, pricing, cost, costs, fee, rate, charge, how much, how expensive
бесплатно, бесплатный, даром, без оплаты, входит в стоимость, free, free of charge, included, complimentary, no charge
оплата, оплатить, платить, заплатить, платеж, расплатиться, pay, paid, payment, payments
карта, картой, банковская карта, безнал, безналичный, виза, мастеркард, card, credit card, visa, mastercard, contactless
наличные, наличными, наличка, нал, кэш, cash
скидка, скидки, акция, дешевле, льгота, льготный, распродажа, discount, cheaper, reduced, deal, offer, percent less, sale
промокод, купон, промо, promo code, coupon, voucher
рассрочка, кредит, частями, по частям, installment, instalments, credit
счет, квитанция, инвойс, накладная, чек, invoice, receipt, bill
залог, депозит, предоплата, аванс, deposit, prepayment, advance
возврат, вернуть, вернете, верните, возвращать, сдать обратно, отдать обратно, обменять, обмен, не подошел, не подошло, return, returns, refund, refunds, money back, send back, take back, exchange
налог, ндс, вычет, tax, vat
штраф, неустойка, penalty, fine, late fee
# place
place: адрес, находиться, находитесь, располагаться, расположение, местоположение, где найти, как найти, как добраться, как доехать, доехать, как пройти, добраться, проехать, проезд, улица, address, located, location, where are, find us, how to find, get there, get to, get here, getting here, getting there, directions, street
метро, станция, метростанция, subway, underground, station
автобус, трамвай, маршрутка, остановка, транспорт, bus, tram, stop, transport
парковка, парковаться, припарковать, припарковаться, стоянка, машина, машину, автомобиль, авто, машиноместо, parking, park, car, garage
город, city, town
# orders and delivery
доставка, доставить, доставлять, привезти, привезете, привозить, довезти, довезете, курьер, delivery, deliver, ship, shipping, courier, bring
посылка, отправить, отправка, отправление, почта, parcel, package, mail, post, send
самовывоз, забрать, заберу, забираю, забрать самому, pickup, pick up, collect, collecting
заказ, заказать, заказывать, купить, покупка, приобрести, order, buy, purchase, ordering
отследить, отслеживать, статус, трек, где заказ, где посылка, track, tracking, status, where is my order, where is my parcel
наличие, в наличии, есть в продаже, in stock, availability, available, stock
размер, габариты, большой, size, dimensions, big, large
вес, весит, тяжелый, weight, weigh, heavy
# service
запись, записаться, запишите, записать, прием, бронь, бронировать, забронировать, бронирование, appointment, book, booking, reserve, reservation
отменить, отмена, отказаться, аннулировать, расторгнуть, прекратить, уйти, cancel, cancellation, quit, terminate, end, leave, stop, unsubscribe, notice
перенести, перенос, переносить, изменить, поменять, сдвинуть, reschedule, move, change, postpone
пауза, приостановить, заморозить, заморозка, pause, freeze, hold, suspend, on hold
опоздать, опаздывать, опоздание, задержаться, late, delay, delayed
гарантия, гарантийный, warranty, guarantee, guaranteed
ремонт, починить, чинить, починка, отремонтировать, ремонтировать, исправить, repair, fix, fixing, mend
сломаться, сломался, сломан, поломка, не работает, повредить, повреждение, разбить, broken, broke, damage, damaged, not working, defect, faulty
замена, заменить, поменять, replace, replacement, swap
потерять, потерял, потеря, утерять, забыть, забыл, lost, lose, forgot, forget, left behind
украли, кража, украсть, угнали, stolen, theft
обслуживание, сервис, техобслуживание, service, servicing, maintenance
осмотр, проверка, проверить, диагностика, консультация, check, checkup, check-up, inspection, consultation
чистка, помыть, мойка, cleaning, clean, wash
аренда, арендовать, прокат, напрокат, взять напрокат, снять, rent, rental, hire, lease, renting
пробный, попробовать, пробовать, тестовый, trial, try, demo, test
абонемент, подписка, членство, subscription, membership, plan, plans
страховка, страхование, страховой, застраховать, полис, insurance, insured, cover
# people and rules
ребенок, дети, детский, детям, сын, дочь, малыш, child, children, kid, kids, son, daughter, baby
возраст, с какого возраста, сколько лет, лет, со скольки лет, age, how old, years old, minimum age
студент, студенческий, student, students
пенсионер, пенсионный, пожилой, senior, seniors, pensioner, retired, elderly
гость, гости, друг, друзья, посетитель, привести, guest, guests, friend, friends, visitor, visitors, bring
группа, компания, вместе, толпой, group, party, team
собака, пес, щенок, животное, питомец, кошка, с собакой, dog, dogs, puppy, pet, pets, animal, cat
курить, курение, сигареты, smoke, smoking
документ, документы, паспорт, удостоверение, справка, document, documents, passport, papers, certificate
договор, соглашение, контракт, contract, agreement, terms
contact: номер, телефон, позвонить, звонить, связаться, контакты, связь, phone, call, contact, contacts, reach, telephone
почта, имейл, электронная почта, e-mail, email, mail
поддержка, техподдержка, оператор, жалоба, пожаловаться, support, helpdesk, complaint, complain
отзыв, отзывы, review, reviews, feedback
работа, вакансия, устроиться, вакансии, job, jobs, vacancy, career, hiring
безопасность, безопасно, опасно, safety, safe, secure, security, dangerous
правила, запрещено, разрешено, разрешается, пускают, пустят, rules, allowed, permitted, forbidden
боль, больно, болит, болеть, pain, hurt, hurts, painful, ache
заболеть, болезнь, болею, заболел, болен, sick, illness
беременность, беременна, беременным, pregnant, pregnancy
# objects
разговор, разговорный, поговорить, поболтать, общаться, беседа, talk, conversation, chat, speak
еда, питание, поесть, перекусить, завтрак, обед, ужин, меню, кафе, food, eat, meal, lunch, breakfast, dinner, menu, cafe
кофе, чай, напиток, coffee, tea, drink, drinks
туалет, уборная, toilet, restroom, bathroom
душ, shower, showers
шкафчик, камера хранения, хранение, сложить вещи, оставить вещи, багаж, locker, lockers, storage, luggage, baggage, store
интернет, вайфай, вай фай, wifi, wi fi, internet, network
пароль, логин, вход, войти, зайти, авторизация, password, login, log in, sign in, passcode
аккаунт, профиль, личный кабинет, учетная запись, account, profile
регистрация, зарегистрироваться, register, sign up, registration
приложение, мобильное приложение, программа, телефоне, app, mobile app, application, iphone, android, phone
сайт, website, site, online
онлайн, удаленно, дистанционно, по видеосвязи, зум, online, remotely, remote, zoom, video call
скачать, загрузить, установить, установка, download, install, installation, upload
экспорт, выгрузить, выгрузка, export, download
импорт, перенести, загрузить, import, migrate, upload, transfer
ошибка, сбой, глючит, проблема, error, problem, issue, bug, fails, failed, not working
обновление, обновить, update, upgrade
удалить, удаление, стереть, delete, remove, erase, deletion
данные, персональные данные, конфиденциальность, приватность, data, privacy, personal data, gdpr
язык, перевод, переводить, language, languages, translation
видео, фото, снимок, картинка, video, photo, picture, image
электровелосипед, электровелик, электробайк, e-bike, ebike, electric bike, electric bicycle, electric bicycles
велосипед, велик, байк, bike, bicycle, bicycles, bikes
шлем, каска, helmet
ключ, ключи, key, keys
экран, монитор, screen, monitor, display
принтер, печать, распечатать, print, printer, printing, copy
комната, кабинет, зал, помещение, room, rooms, hall
стол, место, рабочее место, desk, seat, workplace
сертификат, диплом, свидетельство, certificate, diploma
подарок, подарочный, подарить, gift, present
курс, обучение, учиться, занятие, урок, course, lesson, class, training
домашнее задание, домашка, задают, homework
уровень, level
# what people do
создать, сделать, оформить, написать, завести, составить, create, make, write, set up, prepare, new
добавить, прибавить, дополнить, вложить, прикрепить, add, attach, attachment, attachments, append
пригласить, приглашение, добавить человека, invite, invitation, team member, colleague, colleagues, coworker, employee, employees, staff, сотрудник, коллега, персонал, teammate, user, users
удалить, убрать, исключить, уволился, remove, removal, kick out, left the company
изменить, поменять, смена, исправить, редактировать, change, changing, edit, modify, adjust, correct, correction, mistake, wrong, ошибся, опечатка
повысить, расширить, перейти на другой тариф, upgrade, go up, switch plan, higher plan, downgrade, go down
перейти, переехать, сменить, switch, switching, move from, migrate, migration, moving
показать, посмотреть, просмотр, увидеть, глянуть, осмотр, осмотреть, view, look, watch, show
начать, старт, с чего начать, первые шаги, start, begin, get started, getting started, first steps
закончить, завершить, finish, complete, lock, locked
проверить, контроль, проверка, check, verify, verification
подтвердить, подтверждение, confirm, confirmation, approve
разрешить, доступ, права, роль, роли, access, permission, permissions, rights, role, roles
отправить, прислать, выслать, send, sent, deliver, forward
получить, не пришло, не приходит, receive, received, arrive, arrived, did not arrive, did not get, not delivered
ждать, ожидание, очередь, wait, waiting, queue, waiting list
готов, готово, готовность, когда будет готово, ready, finished, done
успеть, ближайшее время, свободное время, окошко, окно, свободно, earliest, next available, free slot, slot
автоматически, сам по себе, автоматом, automatically, automatic, by itself, recurring, repeat, регулярно, регулярный
каждый месяц, ежемесячно, месячный, monthly, every month, per month, a month, в месяц
каждый год, ежегодно, годовой, yearly, annual, annually, per year, a year, last year
еженедельно, каждую неделю, weekly, every week, a week
остаток, осталось, остается, rest, remaining, left over, half, part, частично, partial
предел, лимит, ограничение, максимум, не больше, limit, maximum, at most, too big, too large, too many, quota
минимум, минимальный, не меньше, minimum, at least
вместо, альтернатива, аналог, instead, alternative, replacement
разница, отличие, отличаются, чем отличается, сравнить, difference, differ, compare, versus, better
состав, входит, включено, что входит, комплект, комплектация, contents, ingredients, included, consist, kit, comes with
# software and devices
двухфакторная, двухфакторка, код подтверждения, 2fa, mfa, two-factor, two factor authentication, authenticator, recovery codes
sso, saml, oidc, openid, okta, single sign-on, единый вход
горячие клавиши, сочетания клавиш, hotkey, hotkeys, shortcut, shortcuts, keyboard
доступность, аптайм, uptime, availability, downtime, outage, disturbance, disturbances, status page, недоступен, лежит, упал
уязвимость, дыра, vulnerability, security hole, exploit, security report, bug bounty, rewards
сервер, серверы, хостинг, дата-центр, датацентр, server, servers, hosting, data center, data centre, data centres, hosted
бэкап, резервная копия, резервное копирование, backup, backups, restore, восстановить, восстановление
белый экран, пустой экран, не грузится, не открывается, зависает, white screen, blank screen, blank page, stays white, does not load, not loading, frozen, hangs
медленно, тормозит, slow, lag, performance, speed, скорость
браузер, хром, сафари, browser, browsers, chrome, firefox, safari, edge
без интернета, офлайн, оффлайн, нет связи, offline, without internet, no internet, no connection
мобильный, смартфон, айфон, андроид, mobile, smartphone, iphone, android, app store, google play
компьютер, ноутбук, windows, mac, linux, computer, laptop, desktop, pc
уведомление, уведомления, оповещение, напоминание, напомнить, notification, notifications, alert, reminder, reminders, remind
настройка, настроить, параметры, settings, configure, configuration, setup
интеграция, подключить, подключение, соединить, связать, integration, integrations, integrate, connect, link, works with, plugin
api, апи, вебхук, webhook, webhooks, callback, rest, developer, developers, разработчик
файл, файлы, вложение, размер файла, file, files
логотип, лого, брендинг, оформление, дизайн, шаблон, logo, branding, design, template, templates, layout
отчет, отчеты, статистика, аналитика, report, reports, statistics, analytics, earn, earnings, income, profit, выручка, доход, прибыль, расход, expenses
поиск, искать, найти, search, find, filter
спам, рассылка, отписаться, spam, newsletter, mailing, unsubscribe
код, промежуточный, пин, pin, code
демо, пример, образец, тестовые данные, demo, demo data, sample, sample data, example
версия, выпуск, version, release
лицензия, лицензионный, license, licence
домен, сайт, адрес сайта, domain, dns, website, url
хранить, хранение, хранится, где хранятся, store, stored, storage, keep, kept
шифрование, защищено, encryption, encrypted, ssl, certificate
# trade and money
счет, счета, инвойс, выставить счет, invoice, invoices, bill, bills, billing
бухгалтер, бухгалтерия, учет, accountant, accounting, tax adviser, bookkeeper, bookkeeping
банк, счет в банке, банковский, перевод, реквизиты, bank, bank account, transfer, wire, iban
предоплата, аванс, задаток, prepayment, prepaid, down payment, advance payment, deposit
валюта, доллар, доллары, евро, рубли, currency, currencies, dollar, dollars, euro, usd, eur, exchange rate
комиссия, процент, сбор, commission, percent, transaction fee, surcharge
должник, долг, просрочка, не платит, не заплатил, overdue, debt, late payer, late payers, does not pay, unpaid
отклонена, не прошла оплата, не проходит оплата, declined, failed payment, failed charge, failed charges, payment failed
организация, юрлицо, компания, фирма, предприятие, ип, company, business, firm, organization, legal entity, corporate
некоммерческий, благотворительность, фонд, nonprofit, non-profit, charity, charities, ngo, schools
опт, оптом, оптовый, wholesale, bulk
количество, штук, сколько штук, quantity, pieces, amount
запас, запасы, склад, остатки, inventory, stock, warehouse, supplies
каталог, ассортимент, выбор, catalogue, catalog, range, assortment, products, goods, товар, товары
бонус, баллы, программа лояльности, кэшбэк, bonus, points, loyalty, cashback, rewards
подарочная карта, подарочный сертификат, gift card, gift certificate, voucher
оригинал, подделка, подлинный, original, genuine, fake, authentic
б/у, бу, подержанный, second-hand, second hand, pre-owned
новинка, новый, поступление, new arrivals, arrival
упаковка, коробка, упаковать, packaging, box, wrap, packing
сборка, собрать, монтаж, установка, assembly, assemble, mounting, installation
километр, километраж, пробег, mileage, kilometre, kilometer, kilometers, distance, далеко, расстояние
часы, время, учет времени, таймер, hours, time tracking, timer, track time, log hours
# travel, stay, events
заезд, заселение, заселиться, check-in, check in, arrival
выезд, выселение, выехать, check-out, check out, checkout, departure
номер, комната, апартаменты, room, suite, apartment
кровать, спальное место, двуспальная, bed, beds, double bed
завтрак, включен завтрак, breakfast
вид, балкон, терраса, view, balcony, terrace
бассейн, сауна, спа, pool, swimming pool, sauna, spa
кондиционер, отопление, air conditioning, heating
постирать, стирка, прачечная, laundry, washing machine, wash clothes
экскурсия, экскурсии, гид, тур, маршрут, tour, tours, guide, guided tour, route, excursion
билет, билеты, вход, ticket, tickets, entry, admission, entrance
мероприятие, праздник, вечеринка, день рождения, свадьба, event, events, party, birthday, wedding, celebration, celebrate, host
аэропорт, вокзал, трансфер, встретить, airport, railway station, train station, transfer, shuttle, pick me up
такси, taxi, cab
виза, граница, заграница, visa, border, abroad
дождь, погода, непогода, ливень, шторм, снег, rain, rains, weather, storm, snow, bad weather
жарко, холодно, тепло, температура, hot, cold, warm, temperature
шум, тихо, громко, noise, noisy, quiet, loud
инвалид, инвалидная коляска, коляска, пандус, лифт, доступная среда, wheelchair, disabled, accessible, accessibility, ramp, lift, elevator
wc, санузел, туалет, toilet, bathroom
одежда, одеваться, что надеть, форма, дресс-код, clothes, clothing, wear, dress code, outfit
взять с собой, что взять, принести, иметь при себе, bring along, what to bring, need to bring, take with me
# health, beauty, animals
врач, доктор, специалист, мастер, doctor, physician, specialist, dentist, master
медсестра, персонал, nurse
лечение, лечить, вылечить, процедура, терапия, treatment, treat, cure, therapy, procedure
снимок, рентген, томография, мрт, узи, x-ray, xray, scan, ultrasound, mri
анализ, анализы, кровь, сдать кровь, test, tests, blood test, lab, laboratory
наркоз, седация, обезболивание, анестезия, укол, заморозка, anesthesia, anaesthesia, sedation, narcosis, painless, injection
страшно, боюсь, страх, боится, afraid, fear, scared, anxious
аллергия, аллергик, реакция, непереносимость, allergy, allergic, intolerance
лекарство, лекарства, таблетки, препарат, medicine, medication, pills, drug
противопоказания, contraindication, contraindications
операция, удаление, вырвать, хирург, surgery, operation, surgeon, extraction, pull out
зуб, зубы, стоматолог, tooth, teeth, dentist
кариес, дырка, пломба, cavity, caries, filling
чистка, почистить, налет, камень, гигиена, cleaning, hygiene, plaque, tartar
белый, белые, отбелить, отбеливание, white, whitening, bleach
прививка, прививки, вакцина, вакцинация, привить, vaccine, vaccination, shot
рецепт, назначение, prescription
стрижка, подстричь, постричь, haircut, cut, trim, grooming
окраска, покрасить, цвет, colour, color, dye, painting
маникюр, ногти, manicure, nails
массаж, massage
кот, кошка, котенок, cat, kitten
щенок, щенка, собака, пес, puppy, dog
корм, кормить, питание, feed, food, feeding, diet
беременная, беременность, кормящая, pregnant, nursing
спать, сон, сплю, ночевать, sleep, asleep, stay overnight
полис, дмс, омс, страховая, страховка, insurance, insured, insurance company, coverage
# mishaps
украли, угнали, украден, кража, украсть, stolen, steal, stole, theft, robbed
прокол, проколоть, проколол, спустило, пробил, шина, покрышка, puncture, flat, flat tyre, flat tire, tyre, tire
цепь, слетела, порвалась, chain, snapped, broke
сломать, сломался, неисправный, не включается, не работает, broken, breakdown, break, breakdowns, does not work, defect, faulty, malfunction
авария, экстренный, срочно, срочный, неотложный, помощь, emergency, urgent, accident
потекла, протечка, течет, вода, leak, leaking, water
позже, поздно, опоздал, задержка, late, later, delayed, overdue, running late
раньше, досрочно, заранее, early, earlier, in advance, ahead
изменились планы, передумал, не смогу, не приду, не получится прийти, cannot come, can not come, changed my mind, no-show, not coming
жалоба, пожаловаться, недоволен, претензия, complaint, complain, unhappy, dissatisfied, problem
директор, начальник, руководство, главный, manager, director, boss, management
# learning, people
преподаватель, учитель, тренер, инструктор, teacher, tutor, trainer, instructor, coach
ученик, учеба, учиться, обучение, занятие, урок, learn, study, lesson, lessons, class, classes, course, courses, training
начинающий, новичок, с нуля, beginner, beginners, from scratch, no experience
экзамен, тест, зачет, exam, examination, test
запись, видеозапись, recording, recordings, record
онлайн, удаленно, дистанционно, по видео, online, remote, remotely, from home
пропуск, пропустить, пропустил, miss, missed, absence
опыт, стаж, experience, years of experience
вакансия, работа у вас, устроиться, резюме, job, vacancy, career, hiring, cv
семья, муж, жена, вдвоем, family, husband, wife, couple
малыш, младенец, грудной, годовалый, toddler, baby, infant, year old
подросток, несовершеннолетний, школьник, teenager, minor, under 18, underage
взрослый, adult, adults
мужчина, мужской, парень, man, men, male
женщина, женский, девушка, woman, women, female
`;

/** A question of which nothing else is left: "where are you?". */
export const QUESTION_WORDS = `
place: где, куда, where
hours: когда, когда можно, when
price: сколько, скока, how much
`;

import { startApp, type TestApp } from '@switchboard/testing';
import { resolve } from 'node:path';
import { chatAiApp } from '../src/chat-ai.app';
import { KnowledgeService } from '../src/knowledge/knowledge.service';

const DEMO = resolve(__dirname, '../../../deploy/demo/bots');

/** As customers of a workshop write to it. Each with the beginning of a passage that answers it. */
const QUESTIONS: [string, RegExp][] = [
  ['Во сколько вы открываетесь в субботу?', /Мастерская работает|Кафе открыто/],
  ['а в воскресенье работаете?', /Мастерская работает|Кафе открыто/],
  ['до скольки сегодня', /Мастерская работает|Кафе открыто/],
  ['график мастерской скиньте пж', /Мастерская работает/],
  ['со скольки кофе можно попить', /Кафе открыто/],
  ['где вы есть', /Мы находимся/],
  ['как к вам доехать', /Мы находимся/],
  ['Какая остановка рядом?', /Мы находимся/],
  ['почём доставка', /Курьер|Посылки/],
  ['в Казань отправите?', /Посылки/],
  ['сколько ждать посылку', /Посылки/],
  ['сам заберу можно?', /Забрать заказ/],
  ['скока стоит прокол', /Ремонт прокола/],
  ['восьмёрку на колесе поправить', /Ремонт прокола/],
  ['цена обслуживания полного', /Полное обслуживание/],
  ['надо записываться или просто приехать?', /На осмотр или с проколом/],
  ['электровел чините', /всё механическое/],
  ['наличка или карта', /картой, наличными/],
  ['можно с пёсиком в кафе', /миска с водой/],
  ['не подошёл шлем, сдать можно?', /Неиспользованный товар/],
  ['хочу вернуть велик, купил неделю назад', /Новый велосипед/],
  ['гарантию даете на ремонт?', /гарантия шесть месяцев/],
  ['ds hf,jnftnt d ce,,jne', /Мастерская работает|Кафе открыто/],
  ['skolko stoit dostavka', /Курьер|Посылки/],
  ['what time do you open on saturday?', /The workshop is open|The café is open/],
  ['u open sundays?', /The workshop is open|The café is open/],
  ['closing time', /The workshop is open|The café is open/],
  ['when can i get a coffee', /The café is open/],
  ['where are you guys', /12 Canal Street/],
  ['whats the adress', /12 Canal Street/],
  ['how much is shipping', /A courier|Parcels/],
  ['do you deliver to other cities', /Parcels/],
  ['can i collect it myself', /Collecting an order/],
  ['flat tire how much', /Puncture repair/],
  ['price for a new chain', /Puncture repair/],
  ['do i need to book', /For a check-up/],
  ['do you fix e-bikes', /everything mechanical/],
  ['can i pay with my card', /by card, in cash/],
  ['is my dog welcome', /bowl of water/],
  ['i want my money back', /Unused goods|A new bicycle/],
];

describe('what people ask in everyday words', () => {
  let app: TestApp;
  let knowledge: KnowledgeService;
  beforeAll(async () => {
    app = await startApp(chatAiApp, { env: { BOTS_FOLDER: DEMO } });
    knowledge = app.service.nest.get(KnowledgeService);
  });
  afterAll(() => app.stop());

  it.each(QUESTIONS)('%s', async (text, answer) => {
    const { passages } = await knowledge.quote('northwind', { text });
    expect(passages.map((passage) => passage.text).join('\n')).toMatch(answer);
  });

  it('a model gets all there is, because it fits', async () => {
    const { passages } = await knowledge.forModel('northwind', { text: 'Во сколько вы открываетесь в субботу?' });
    expect(passages).toHaveLength(28);
    expect(passages[0]!.text).toMatch(/Мастерская работает/);
  });
});

/**
 * Words with how they sound in a message to a shop, from 1 (a little) to 3 (very). Forms of a word meet in its stem, so one
 * form of each is enough. Words that only name things (a discount, a return, a delay that is asked about) are not here.
 */
export const WORDS = {
  ru: {
    '3': `отлично отличный великолепно великолепный прекрасно прекрасный превосходно превосходный восторг восхищение
      восхитительно обожаю супер шикарно шикарный потрясающе потрясающий идеально идеальный замечательно замечательный
      лучший лучшие лучшая обалденно офигенно бесподобно изумительно волшебно фантастика чудесно чудесный счастлива счастлив
      классный огонь влюбилась топ люблю`,
    '2': `спасибо благодарю благодарна благодарность благодарен доволен довольна довольны понравилось понравился понравилась
      нравится рад рада рады радует радость класс круто крутой здорово молодцы молодец приятно приятный приятная советую рекомендую
      красивый красиво красивее удобно удобный вежливый вежливо выручили помогли порадовали ура пятерка удовольствие комплименты
      качественно качественный заботливо забота внимательный мило милый уютно уютный успех любимый отзывчивый оперативно
      оперативность стильно стильный порадовало впечатлен впечатлило достойно достойный ценю спс наилучший надежно надежный`,
    '1': `аккуратно быстро вовремя четко мягкий мягкая теплые теплая легкая легкий удачно удачный неплохо неплохой добрый
      улыбка честно понятно ясно интересно свежий выгодно подошло подошел подошла`,
    '-1': `дорого дороговато медленно неудобно неудобный странно жаль жалко маловато тесно жмет мятый мятая долго сложно проблема
      проблемы ошибка жалоба претензия задержка увы царапина пятно слабо скользкий тугой криво скучно устала устал мутно`,
    '-2': `плохо плохой плохая разочарован разочарована разочарование недоволен недовольна недовольны расстроена расстроен
      обидно обида грязный грязная грязно порвана порвался порвалась сломался сломалось сломалась сломали испортила
      испортили испорчен потеряли потерялась раздражает злюсь злой неприятно неприятный некрасиво дешевка воняет колется линяет
      расстегивается отклеилась развалились развалился рвется треснул трещина застряла молчит хамит нахамил хамство грубо грубый
      невозможно жалею пожалела пожалел надоело достали обещали дыра дырка неправда впустую зря облом
      слиняла полиняла облезла скатался скаталась мешает игнорируете игнорируют возмущен возмущена нервы брак бракованный разбитый
      разбит разбилась отстой стыдно фу бред беда поддельный подделка неисправен лишили протекает бесполезно бесполезный`,
    '-3': `ужас ужасно ужасный ужасная ужасное кошмар кошмарный отвратительно отвратительный отвратительное мерзко мерзость
      безобразие безобразно обман обманули обманщики мошенники мошенничество лохотрон развод грабеж издевательство издеваетесь
      позор позорище бесит ненавижу тупой тупая тупые дебилы идиоты хамы гадость дрянь дерьмо мусор
      худший худшая возмутительно возмутительный катастрофа воры врете вранье врут лжете жулики наглость наглые свинство шок
      барахло хлам дно сволочи`,
  },
  en: {
    '3': `excellent amazing awesome fantastic wonderful brilliant superb perfect perfectly love loved adore adores best gorgeous
      delighted thrilled outstanding incredible magnificent marvellous marvelous fabulous flawless stunning phenomenal`,
    '2': `thank thanks grateful happy pleased glad great super cool nice good beautiful lovely pretty prettier enjoy enjoyed liked
      recommend recommended polite friendly helpful helped pleasure joy yay impressed satisfied comfortable appreciate
      compliments hit bravo cheers stylish charming elegant kind superior reliable thx ty wow favourite favorite
      pleasantly surprised smooth bargain superfast generous thoughtful`,
    '1': `fast quick quickly soft warm cosy cozy easy early fair tidy neat fresh fine sturdy handy solid safe like likes clear
      fits glove`,
    '-1': `expensive slow slowly late stuck thin tight loose complain complaint delay problem problems issue mistake odd strange
      unfortunately weak itchy creased scratch scratched stain noisy unclear boring tired mediocre cheap stiff cramped`,
    '-2': `bad disappointed disappointing upset unhappy dissatisfied broke broken smashed torn ripped dirty rude ruined faulty
      defective damaged useless annoying annoyed annoys angry mad frustrated frustrating frustration wrong smells stinks smelly
      fake refuse refused ignored ignore ignoring lost missing regret unpleasant poor poorly scratchy fails failed failing unfair
      uncomfortable impossible lie lied lying sick fed hole leaks leaking cracked crap rubbish ugly unreliable sad
      incompetent careless unprofessional waste wasted tore shrank faded cheated misleading mislead overpriced unacceptable fuming`,
    '-3': `terrible awful horrible horrendous disgusting disgrace disgraceful pathetic worst scam scammers fraud robbery thieves
      outrageous ridiculous nightmare appalling hate hated hates atrocious dreadful joke shame shameful garbage trash idiots
      stupid furious liars abysmal shambles hell shit`,
  },
};

/** What no single word says. Matched in the text as it is normalised: lower case, ё as е. */
export const PHRASES: readonly (readonly [RegExp, number])[] = [
  [/сколько (еще )?можно(?! ли)/, -2.5],
  [/больше (никогда|ни разу)|никогда больше|ни ногой/, -2.5],
  [/(верните|вернуть мне|отдайте)( мне)? деньги/, -2],
  [/деньги (списали|сняли|взяли)/, -1],
  [/(второй|третий|четвертый|пятый|который|десятый) (раз|день|месяц)|(вторую|третью|которую) неделю/, -1.5],
  [/опять (не|прислали|сломал|задерж|ошиб|врет|перепутал)|снова не /, -2],
  [/не (то|тот|та|те) (прислал|приш|размер|цвет|что)|прислали (не то|другой|чужо)/, -2],
  [
    /(^|\s)не (работает|открывается|отвечае|приш(ел|ла|ло)|приехал|привез|доставил|могу дозвон|принимаете|понимает)/,
    -1.5,
  ],
  [/никто (не|мне не)/, -1.5],
  [/на фото (совсем )?друг/, -1],
  [/так себе|оставляет желать лучшего|ни о чем|руки.?крюки/, -2],
  [/ни разу не (подв|пожале)|без (проблем|нареканий|вопросов|лишних)|нареканий нет|нет слов, одни эмоции/, 1.5],
  [/(в|от) восторге/, 3],
  [/то,? что (надо|нужно|я искал)|так держать|на высоте|вы лучшие|приду еще|закажу еще|заказывать еще/, 2],
  [/наконец.?то/, 1],
  [/мало не покажется|иначе (я )?(пишу|напишу|подам)|роспотребнадзор|в суд\b|подам в суд/, -1.5],
  [/\b(waiting|waited) (for )?(\w+ )?(days|weeks|hours|ages|forever)|(days|weeks) and (still )?(nothing|no)\b/, -2],
  [/\b(money|refund) back\b(?=.*\bor\b)|\bgive me my money\b|\btook my money\b/, -2],
  [/\bnever (again|buy|order|shop|coming|use)|\bwill never\b/, -2.5],
  [/\bstill (isn't|isnt|not|hasn't|hasnt|haven't|nothing|waiting|no)\b/, -1.5],
  [/\b(nobody|no one|noone) (picks|replies|answers|responds|cares|helps|warned|told|called)/, -2],
  [/\bnothing like\b|\bnot as (described|pictured|advertised)|\bnot what i ordered/, -2],
  [/\bcame (off|apart|undone)\b|\bfell apart\b|\bstopped working\b|\b(does not|doesn't|doesnt|won't) work\b/, -2],
  [/\bare you (kidding|joking|serious)|\bhow (much longer|long must)|\bwhat a (joke|mess|shame|waste)/, -2.5],
  [/\bwrong (size|item|colour|color|order|one|address)/, -1],
  [/\b(again|times already|yet again)\b(?=.*(wrong|broken|not|late|fail))|\b(\w+) times already/, -1],
  [/\bthe other day was\b|\bat best\b/, -0.5],
  [
    /\b(will|going to|i'll) (order|buy|be|come|shop) (again|back|here again)|\bcome back\b|\bkeep (it )?up\b|\bwell done\b/,
    2,
  ],
  [
    /\b(exactly|just) what i (was looking for|wanted|needed)|\bsaved (the|my) day|\bfive stars|\btop (quality|notch)/,
    2.5,
  ],
  [
    /\bnever (let|disappoint|fail)|\bno (problem|complaint|regret|issue)s?\b|\bnot a single (regret|complaint|problem)/,
    2,
  ],
  [/\bon time\b|\blike a glove\b|\bway better\b|\bbetter than (i )?(expected|in the photo|hoped)/, 1],
];

/** What only looks like praise or blame: taken out before words are counted. */
export const COURTESIES =
  /доброе утро|\bplease\b|\bat best\b|добрый (день|вечер)|доброго дня|всего доброго|good (morning|evening|afternoon|day|night)|would like|i'd like|feel like|look(s)? like|like (this|that|these|those)|kind of|all right|fine by|best (regards|wishes)|заранее спасибо|спасибо заранее|thanks in advance|в лучшем случае|хорошо,? давайте/g;

export const NEGATIONS = new Set(
  'не ни нет нисколько ничуть без никогда никак not no never nothing none hardly without isnt wasnt dont doesnt didnt wont cant couldnt wouldnt aint t'.split(
    ' ',
  ),
);
export const INTENSIFIERS = new Set(
  'очень просто совсем совершенно абсолютно крайне безумно жутко страшно невероятно настолько такой такая такое такие реально огромное огромный so very really extremely absolutely totally completely utterly such far too huge highly incredibly'.split(
    ' ',
  ),
);
export const POSITIVE_SIGNS = /[👍❤😍🙏😊🥰😀😃😄😁🤩💯🔥🎉💖💕👏😻☺🙂😘✨🤗💐🌹]/gu;
export const NEGATIVE_SIGNS = /[😡😠🤬👎😞😢😭😤🤮😒💩😩😫🙁☹😔😖😣😑🙄]/gu;
export const TYPED_SMILES = /(?:^|\s)[:;]-?[)D]+|(?<=\p{L})\){2,}/gu;
export const TYPED_FROWNS = /(?:^|\s):-?\(+|(?<=\p{L})\({2,}/gu;

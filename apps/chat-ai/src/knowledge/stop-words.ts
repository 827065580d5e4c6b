import { normalise } from './words';

/**
 * Words that say how somebody asks and not what about: question words, politeness, fillers, prepositions and auxiliary
 * verbs. They carry no weight, in a question as in a text; only phrases are made of them, such as "how long".
 */
const STOP_WORDS = {
  ru: `
    а без более бы был была были было быть в вам вами вас ваш ваша ваше вашего вашей ваши ваших вашу весь во вон вот все
    всего всем всех вы где да даже для до его ее ей ему если есть еще же за здесь и из или им их к как какая какие каким
    каких какого какое какой какую кем ко когда кого кому которая которые который кто куда ли либо лишь меня мне много
    мной можем может можете можно мой моя мою мое мои моего моей моих моим мы на над надо нам нами нас наш наша наше наши
    не него нее ней нельзя нем нет ни них ничего но ну нужен нужна нужно нужны о об обо однако он она они оно от откуда
    очень по под пока после потом потому почему при про просто раз разве с сам сама сами само свой своя свои свою себе
    себя сейчас сколько скольки скольких скока со совсем так такая такие такой там тебе тебя теперь то тобой тогда того
    тоже той только том тому тот ту тут ты твой твоя у уж уже хоть хочет хотим хочу хотел хотела хотели хотелось хотите
    чего чей чем чему через что чтобы чтоб чья эта эти это этого этой этом этот эту я будет буду будем будете будут
    бывает делать сделать делаете могу могут мог могла могли имеется имеете ведь например типа вообще вопрос вопросик
    подскажи подскажите подскажете скажи скажите расскажи расскажите сообщите ответьте объясните поясните узнать знаете
    знать интересует интересно интересовало пожалуйста плиз пж пжл спасибо спс благодарю здравствуйте здрасте
    здравствуй привет приветствую добрый доброе доброй доброго день дня утро вечер вечера алло ау слушайте слышь
    извините простите помогите помоги помощь понять понимаю понял чё че чо шо щас ща короче блин вроде наверное кажется
    нибудь какая-нибудь кстати именно также либо
    получится выйдет планирую собираюсь думаю кое насчет касательно относительно поводу хотя бы
    ок окей ага угу а-то прямо`,
  en: `
    a about above after again all also am an and any anybody anyone anything are aren as ask at be because been before
    being below between both but by can cannot cant could couldn did didn do does doesn doing don dont down during each
    either else ever every few for from further get gets getting give go going gonna got had hadn has hasn have haven
    having he hello hey her here hers hi him his how i id if ill im in into is isn isnt it its ive just know let like ll
    m many may maybe me might mine more most much must my myself need needs no nor not now of off ok okay on once one only
    or other our ours out over own please pls plz possible question re really regarding s same say see shall she should
    so some somebody someone something such sure t tell than thank thanks thx that thats the their theirs them then there
    these they thing things think this those through to too u ur us up ve very wanna want wanted was wasn we were weren
    what whats when where which while who whom whose why will wish with wondering would wouldn yes you your yours come came comes coming take takes took taken
    r able actually anyway exist exists explain good morning afternoon evening day greetings help inquire interested
    kindly looking perhaps somehow understand use used want policy`,
};

/** Of these not even phrases are made: "how do I get to you" and "how to get there" are one. */
const PRONOUNS = {
  ru: `
    вы вам вами вас ваш ваша ваше вашего вашей ваши ваших вашу нам нами нас наш наша наше наши мы мне меня мной мой моя мою мое мои моего моей моих моим я ты тебе тебя твой твоя он она они оно его ее ей ему им их себе себя свой своя свои свою можно пожалуйста плиз подскажите скажите же ли бы вообще`,
  en: `
    i im ill id ive we us our ours you your yours u ur me my mine he she his her they them their please pls can could may do does did`,
};

const setOf = (lists: Record<string, string>) =>
  new Set(
    Object.values(lists)
      .flatMap((list) => normalise(list).split(/\s+/))
      .filter(Boolean),
  );
const INVISIBLE = setOf(PRONOUNS);
const NO_WEIGHT = new Set([...setOf(STOP_WORDS), ...INVISIBLE]);

export const isStopWord = (word: string): boolean => NO_WEIGHT.has(word);
export const isInvisible = (word: string): boolean => INVISIBLE.has(word);

import { escapeHtml, page, type PageLanguage } from './html';
import { formatMoney, type Money } from '@switchboard/contracts';

const TEXTS = {
  en: {
    title: (provider: string) => `Sandbox: pay with ${provider}`,
    mark: (provider: string) => `Sandbox · in place of ${provider}`,
    pay: (money: string) => `Pay ${money}`,
    until: (time: string) => `To be paid by ${time} UTC`,
    test: 'This is a pretended payment. No money moves.',
    instead: 'What shall happen instead?',
    states: {
      paid: 'Paid',
      waiting: 'The bank has not decided yet',
      declined: 'Declined',
      expired: 'The time to pay is over',
    },
    back: 'Back to the seller',
    cancel: 'Leave without paying',
  },
  ru: {
    title: (provider: string) => `Песочница: оплата через ${provider}`,
    mark: (provider: string) => `Песочница · вместо ${provider}`,
    pay: (money: string) => `Оплатить ${money}`,
    until: (time: string) => `Оплатить до ${time} UTC`,
    test: 'Это учебный платёж. Настоящие деньги не списываются.',
    instead: 'Что должно произойти вместо этого?',
    states: {
      paid: 'Оплачено',
      waiting: 'Банк ещё не решил',
      declined: 'Отказано',
      expired: 'Время на оплату истекло',
    },
    back: 'Вернуться к продавцу',
    cancel: 'Уйти без оплаты',
  },
};

type Words = Readonly<Record<PageLanguage, string>>;

export interface PayPage {
  language: PageLanguage;
  /** Whose page it stands for. */
  provider: string;
  seller: string;
  /** What is paid for. */
  subject: string;
  /** In words where it is no money: `5 USDT`. */
  money: Money | string;
  state: 'open' | 'paid' | 'waiting' | 'declined' | 'expired';
  expiresAt: Date | undefined;
  /** Where its form goes, with `outcome`: `pay`, or one of `outcomes`. */
  action: string;
  /** By what is paid: the form says it as `method`. */
  methods: readonly { value: string; name: Words; hint?: string }[];
  /** Beside `pay`. */
  outcomes: readonly { value: string; name: Words }[];
  /** Above the form, such as a code to be scanned. */
  figure?: { svg: string; caption: Words };
  /** Of the attempt before. */
  problem?: Words;
  /** Shown when there is nothing more to do. */
  backUrl: string | undefined;
  /** Where somebody goes who does not want to pay after all. */
  cancelUrl?: string | undefined;
}

const STYLE = `<style>
  .seller { font-weight: 600; margin: 0; }
  .sum { font-size: 34px; font-weight: 650; line-height: 1.15; margin: 4px 0 16px; letter-spacing: -0.02em; }
  .state { font-size: 20px; font-weight: 600; }
  figure { margin: 0 0 16px; text-align: center; }
  figure svg { width: 176px; height: 176px; border-radius: 8px; }
  .problem { background: light-dark(#fdecec, #43242a); border-radius: 8px; padding: 8px 12px; }
  .methods { border: 1px solid light-dark(#dcdce4, #383844); border-radius: 10px; padding: 4px; margin: 0 0 16px; }
  .methods .mark { margin-left: auto; white-space: nowrap; }
  button, a.button { box-sizing: border-box; width: 100%; min-height: 44px; text-align: center; }
  button.main { font-weight: 600; min-height: 50px; }
  a.button { display: block; padding: 9px 16px; border-radius: 8px; border: 1px solid light-dark(#c4c4d0, #4a4a58); color: inherit; text-decoration: none; }
  details { margin-top: 16px; }
  summary { cursor: pointer; padding: 8px 0; }
  details button { margin-top: 8px; }
</style>`;

/** Where people pay, in the browser of a phone: the part that looks alike at all who take payments. */
export function payPage(shown: PayPage): string {
  const { language, provider, seller, subject, money, state, expiresAt, action, methods, outcomes, problem, figure } =
    shown;
  const t = TEXTS[language];
  const method = ({ value, name, hint }: PayPage['methods'][number], i: number) =>
    `<label><input type="radio" name="method" value="${escapeHtml(value)}" ${i === 0 ? 'checked' : ''}>
       ${escapeHtml(name[language])}${hint ? `<span class="mark">${escapeHtml(hint)}</span>` : ''}</label>`;
  const sum = typeof money === 'string' ? money : formatMoney(money, language);
  const form = `<form method="post" action="${escapeHtml(action)}">
      ${problem ? `<p class="problem" role="alert">${escapeHtml(problem[language])}</p>` : ''}
      ${figure ? `<figure>${figure.svg}<figcaption class="mark">${escapeHtml(figure.caption[language])}</figcaption></figure>` : ''}
      <div class="methods" role="radiogroup">${methods.map(method).join('')}</div>
      <button class="main" name="outcome" value="pay">${escapeHtml(t.pay(sum))}</button>
      <details>
        <summary class="mark">${t.instead}</summary>
        ${outcomes.map(({ value, name }) => `<button name="outcome" value="${escapeHtml(value)}">${escapeHtml(name[language])}</button>`).join('')}
      </details>
    </form>`;
  const link = (url: string | undefined, words: string) =>
    url ? `<p><a class="button" href="${escapeHtml(url)}">${words}</a></p>` : '';
  return page(
    t.title(provider),
    `${STYLE}<main>
       <p class="mark">${escapeHtml(t.mark(provider))}</p>
       <p class="seller">${escapeHtml(seller)}</p>
       <h1>${escapeHtml(subject)}</h1>
       <p class="sum">${escapeHtml(sum)}</p>
       ${state === 'open' ? form : `<p class="state" role="status">${t.states[state]}</p>${link(shown.backUrl, t.back)}`}
       ${state === 'open' ? link(shown.cancelUrl, t.cancel) : ''}
       ${state === 'open' && expiresAt ? `<p class="mark">${t.until(expiresAt.toISOString().slice(0, 16).replace('T', ' '))}</p>` : ''}
       <p class="mark">${t.test}</p>
     </main>`,
    language,
  );
}

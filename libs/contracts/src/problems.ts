import { analyticsProblems } from './analytics.problems';
import type { LocalizedText } from './api.shapes';
import { botAdapterProblems } from './bot-adapter.problems';
import { chatAiProblems } from './chat-ai.problems';
import type { RouteDefinition } from './define-route';
import { gatewayProblems } from './gateway.problems';
import { paymentsProblems } from './payments.problems';
import type { ProblemText } from './problem-text';
import { routes } from './routes';
import { sharedProblems } from './shared.problems';
import { ttsWorkerProblems } from './tts-worker.problems';
import { vpnProvisionerProblems } from './vpn-provisioner.problems';

/** What the routes themselves name. Codes that end in `_not_found` speak for themselves, all others need a text. */
export const problemTexts: Readonly<Record<string, ProblemText>> = {
  ...analyticsProblems,
  ...botAdapterProblems,
  ...chatAiProblems,
  ...gatewayProblems,
  ...paymentsProblems,
  ...ttsWorkerProblems,
  ...vpnProvisionerProblems,
};

export interface KnownProblem {
  readonly code: string;
  readonly status: number;
  readonly means: LocalizedText;
  readonly todo: LocalizedText;
  /** That name it; none for what every route may answer with. */
  readonly routes: readonly RouteDefinition[];
}

function sharedOnes(): KnownProblem[] {
  return Object.entries(sharedProblems).map(([code, { status, ...text }]) => describe(code, status, text, []));
}

function ofRoutes(): KnownProblem[] {
  const named = routes.flatMap((route) =>
    Object.entries(route.problems ?? {}).map(([code, status]) => ({ code, status, route })),
  );
  return [...Map.groupBy(named, ({ code }) => code)].map(([code, all]) =>
    describe(
      code,
      all[0]!.status,
      problemTexts[code],
      all.map(({ route }) => route),
    ),
  );
}

function describe(
  code: string,
  status: number,
  text: ProblemText | undefined,
  of: readonly RouteDefinition[],
): KnownProblem {
  const { en, ru, todo } = text ?? missing(code);
  return { code, status, means: { en, ru }, todo: todo ?? TODO[status] ?? TODO[400]!, routes: of };
}

/** `loyalty-club.gift_entry_not_found` → "There is no such gift entry." */
function missing(code: string): ProblemText {
  const what = code
    .slice(code.indexOf('.') + 1)
    .replace(/_not_found$/, '')
    .replaceAll('_', ' ');
  return { en: `There is no such ${what}.`, ru: `Такого объекта нет (${what}).` };
}

/** What helps with most problems of a status. */
const TODO: Readonly<Record<number, LocalizedText>> = {
  400: {
    en: 'Correct the request; the same one is refused again.',
    ru: 'Исправьте запрос: такой же снова не пройдёт.',
  },
  401: { en: 'Prove again who you are.', ru: 'Подтвердите ещё раз, кто вы.' },
  403: {
    en: 'Ask somebody who may do it, or have the right granted.',
    ru: 'Обратитесь к тому, кто может это сделать, или попросите выдать право.',
  },
  404: {
    en: 'Look at the id: it was removed, never was there, or is not for you to see.',
    ru: 'Проверьте идентификатор: объект удалён, его не было или он вам не виден.',
  },
  409: {
    en: 'Read what is there now; the same request is refused until that changes.',
    ru: 'Прочитайте текущее состояние: пока оно не изменится, запрос не пройдёт.',
  },
  410: { en: 'Ask for a new one.', ru: 'Запросите новый.' },
  412: { en: 'Read it again and repeat your change.', ru: 'Прочитайте ещё раз и повторите изменение.' },
  413: { en: 'Send less.', ru: 'Отправьте меньше данных.' },
  422: { en: 'Correct what `params` and `errors` name.', ru: 'Исправьте то, что названо в `params` и `errors`.' },
  429: { en: 'Wait, and try again later.', ru: 'Подождите и повторите позже.' },
  502: { en: 'Repeat it in a little while.', ru: 'Повторите немного позже.' },
  503: {
    en: 'Repeat it after `Retry-After` seconds, with the same idempotency key.',
    ru: 'Повторите через `Retry-After` секунд с тем же ключом идемпотентности.',
  },
  504: {
    en: 'Look whether it was done after all, and repeat it with the same idempotency key.',
    ru: 'Проверьте, не выполнено ли всё же действие, и повторите с тем же ключом идемпотентности.',
  },
};

/** Every code that an answer may carry, by the code. */
export const problems: ReadonlyMap<string, KnownProblem> = new Map(
  [...sharedOnes(), ...ofRoutes()]
    .sort((a, b) => a.code.localeCompare(b.code, 'en'))
    .map((problem) => [problem.code, problem]),
);

import { events, openApi, publishedSchema, routes, serviceOf, routesOf, signals } from './index';

type Json = Readonly<Record<string, unknown>>;

/** `invited, active or suspended`, `by_hand; gone: it answered 410; …`, `… who they are: password, totp, passkey, sso.` */
const WORD = '`?[a-z][a-z0-9_-]*`?';
const WORDS = new RegExp(`(^|: )${WORD}(: [^;]+)?([,;] (or )?${WORD}(?=[,;:.]| or |$)| or ${WORD}\\.?$)`);

/** Of all texts within, those whose description lists what they may be, and whose schema does not. With `…` a list has only examples. */
function untypedWords(schema: unknown, place: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const within = Object.entries(schema).flatMap(([name, inner]) => untypedWords(inner, `${place}/${name}`));
  const { description, schema: ofParameter = schema } = schema as Json;
  const isUntyped =
    typeof description === 'string' && !description.includes('…') && WORDS.test(description) && isAnyText(ofParameter);
  return isUntyped ? [`${place}: ${description}`, ...within] : within;
}

function isAnyText(schema: unknown): boolean {
  const { type, items, anyOf, ...more } = schema as Json;
  if (type === 'array') return isAnyText(items);
  if (Array.isArray(anyOf)) return anyOf.some(isAnyText);
  return type === 'string' && !['enum', 'const', 'examples', 'pattern', 'format'].some((key) => key in more);
}

describe('a text that can only be one of some words', () => {
  it('says so to programs, not in its description alone', () => {
    const services = [...new Set(routes.map(serviceOf))];
    const apis = services.flatMap((service) => untypedWords(openApi(service, routesOf(service)), service));
    const said = [...events, ...signals].flatMap((each) => untypedWords(publishedSchema(each), each.type));
    expect([...apis, ...said]).toEqual([]);
  });
});

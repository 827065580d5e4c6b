import { randomInt } from 'node:crypto';
import type { SandboxClient } from '../local/sandbox-client.mts';

const DEADLINE_MS = 20_000;

/** Somebody with a phone and a browser, who has signed in with Telegram at the public address of an installation. */
export class Person {
  userId = '';
  /** As Telegram knows them. */
  readonly phone: number;
  private readonly publicUrl: string;
  private readonly cookies = new Map<string, string>();
  /** Another one each, so that nobody meets the limit of an address. */
  private readonly address = `10.${[0, 0, 0].map(() => randomInt(256)).join('.')}`;

  private constructor(publicUrl: string, phone: number) {
    this.publicUrl = publicUrl;
    this.phone = phone;
  }

  static async signIn(publicUrl: string, sandbox: SandboxClient, firstName: string): Promise<Person> {
    const { id } = await sandbox.telegram.addPerson({ firstName, languageCode: 'en' });
    const person = new Person(publicUrl, id);
    const { url } = await person.ask<{ url: string }>('POST', '/sign-in/attempts', { provider: 'telegram' });
    const { searchParams } = await sandbox.telegramLogin.visit(url, id);
    const answer = { state: searchParams.get('state'), code: searchParams.get('code') };
    await person.ask('POST', '/sign-in/sessions', answer);
    person.userId = (await person.ask<{ userId: string }>('GET', '/me')).userId;
    return person;
  }

  /**
   * @param path below `/v1`
   * @throws Error with the problem, when it is refused
   */
  async ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.publicUrl}/v1${path}`, {
      method,
      headers: {
        ...{ 'sec-fetch-site': 'same-origin', 'x-forwarded-for': this.address },
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body && { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      this.cookies.set(name!, value!);
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }
}

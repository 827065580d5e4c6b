import { z } from 'zod';
import { PanelRefused, PanelUnavailable } from './panel';
import { type PanelAnswer, type PanelHttp, type PanelRequest, PanelSession, understood, wordsOf } from './panel-http';

/** Every answer, with 200 whatever has happened. `msg` is in the language that the panel is set to: for people only. */
const Envelope = z.object({ success: z.boolean(), msg: z.string().default(''), obj: z.unknown().optional() });

interface Session {
  readonly headers: Readonly<Record<string, string>>;
  /** From 3.1 clients have calls of their own. */
  readonly hasClientsApi: boolean;
}

const NO_DEADLINE_OF_ITS_OWN = new AbortController().signal;
const CLIENTS_PROBE = '/clients/list/paged?page=1&pageSize=1';

/** The calls of one panel: who is signed in, what an answer means, and one change at a time. */
export class XuiApi {
  private readonly session = new PanelSession<Session>(() =>
    this.token === undefined ? this.signIn() : this.useToken(this.token),
  );
  private lastWrite: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly http: PanelHttp,
    private readonly user: { readonly username: string | undefined; readonly password: string | undefined },
    private readonly token: string | undefined,
  ) {}

  async hasClientsApi(signal: AbortSignal): Promise<boolean> {
    return (await this.session.use((current) => Promise.resolve(current), signal)).hasClientsApi;
  }

  /** @throws PanelRefused */
  async get<Schema extends z.ZodType>(
    operation: string,
    schema: Schema,
    path: string,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    const { success, msg, obj } = await this.ask(operation, { path }, signal);
    if (!success) throw new PanelRefused(wordsOf(msg));
    return told(schema, obj);
  }

  /** Undefined: refused, which of some calls means that there is no such thing. */
  async find<Schema extends z.ZodType>(
    schema: Schema,
    request: PanelRequest,
    signal: AbortSignal,
  ): Promise<z.output<Schema> | undefined> {
    const { success, obj } = await this.ask('read', request, signal);
    return success && obj !== null ? told(schema, obj) : undefined;
  }

  /** One at a time: the panel reads, changes and writes back what several clients share. Gives back how it was refused. */
  post(operation: string, path: string, body: object, signal: AbortSignal): Promise<string | undefined> {
    const write = async () => {
      const { success, msg } = await this.ask(operation, { method: 'POST', path, body }, signal);
      return success ? undefined : wordsOf(msg);
    };
    const done = this.lastWrite.then(write);
    this.lastWrite = done.catch(() => undefined);
    return done;
  }

  private ask(operation: string, request: PanelRequest, signal: AbortSignal): Promise<z.output<typeof Envelope>> {
    let isFirst = true;
    return this.session.use(async ({ headers }) => {
      const again = isFirst;
      isFirst = false;
      const answer = await this.http
        .ask(operation, { ...request, path: `/panel/api${request.path}`, headers }, signal)
        // Since it was asked last it may have been updated, and have other calls.
        .catch((error: unknown) => (again ? unlessUnintelligible(error) : Promise.reject(error as Error)));
      // Whoever is not signed in is told that there is nothing.
      if (!answer || ([401, 404].includes(answer.status) && answer.body === undefined)) return undefined;
      if (answer.status === 403)
        throw new PanelUnavailable('unauthorized', 'the panel lets the account do less than is needed');
      const read = understood(Envelope, answer);
      if (!read.success && /database (table )?is locked/.test(read.msg))
        throw new PanelUnavailable('failed', 'the database of the panel is locked');
      return read;
    }, signal);
  }

  private async useToken(token: string): Promise<Session> {
    const headers = { authorization: `Bearer ${token}` };
    const hasClientsApi = await this.hasCall(CLIENTS_PROBE, headers);
    if (hasClientsApi || (await this.hasCall('/server/status', headers))) return { headers, hasClientsApi };
    throw new PanelUnavailable('unauthorized', 'the panel does not know the token');
  }

  private async signIn(): Promise<Session> {
    const cookies = new Map<string, string>();
    const ask = async (request: PanelRequest, mark?: string) => {
      const headers = { cookie: cookieOf(cookies), ...(mark !== undefined && { [MARK]: mark }) };
      const answer = await this.http.ask('sign in', { ...request, headers }, NO_DEADLINE_OF_ITS_OWN);
      for (const set of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        if (name !== undefined) cookies.set(name, value!);
      }
      return answer;
    };
    /** From 3.0 whatever changes something has to bear it; before, there is no such call. */
    const markOf = async () => {
      const answer = await ask({ path: '/csrf-token' }).catch(unlessUnintelligible);
      return Envelope.extend({ obj: z.string() }).safeParse(answer?.body).data?.obj;
    };
    const before = await markOf();
    const answer = await ask({ method: 'POST', path: '/login', body: this.user }, before);
    if (answer.status === 403 || !understood(Envelope, answer).success)
      throw new PanelUnavailable('unauthorized', 'the panel does not know the account');
    // The session is another one now, and so is its mark.
    const mark = before === undefined ? undefined : await markOf();
    const headers = { cookie: cookieOf(cookies), ...(mark !== undefined && { [MARK]: mark }) };
    return { headers, hasClientsApi: mark !== undefined && (await this.hasCall(CLIENTS_PROBE, headers)) };
  }

  private async hasCall(path: string, headers: Session['headers']): Promise<boolean> {
    const request = { path: `/panel/api${path}`, headers };
    const answer = await this.http.ask('sign in', request, NO_DEADLINE_OF_ITS_OWN).catch(unlessUnintelligible);
    return answer?.status === 200 && Envelope.safeParse(answer.body).data?.success === true;
  }
}

const MARK = 'x-csrf-token';

const cookieOf = (cookies: ReadonlyMap<string, string>) => [...cookies].map((pair) => pair.join('=')).join('; ');

const told = <Schema extends z.ZodType>(schema: Schema, obj: unknown): z.output<Schema> =>
  understood(schema, { status: 200, body: obj } as PanelAnswer);

/** @throws whatever is about something else */
function unlessUnintelligible(error: unknown): undefined {
  if (error instanceof PanelUnavailable && error.trouble === 'unintelligible') return undefined;
  throw error;
}

/** @throws PanelRefused */
export function must(refusal: string | undefined): void {
  if (refusal !== undefined) throw new PanelRefused(refusal);
}

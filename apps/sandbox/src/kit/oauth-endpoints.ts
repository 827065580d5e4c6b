import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import {
  type AuthorizationServer,
  BadAuthorizationRequest,
  OAuthClient,
  OAuthError,
  Visit,
} from './authorization-server';
import type { CallLog } from './call-log';
import { applyFault, type FailureAnswers, type Fault } from './faults';
import { HttpError } from './http';
import { escapeHtml, page } from './html';
import type { Context, SandboxPerson } from './third-party';

/** What is noted of each call; secrets are left out. */
export interface OAuthCall {
  endpoint: string;
  client?: string;
}

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: { error: 'server_error', error_description: 'Internal error' } }),
  tooManyRequests: () => ({ body: { error: 'temporarily_unavailable', error_description: 'Too many requests' } }),
};

type Answer = (req: Request, res: Response, fault: Fault | undefined) => unknown;

/** Makes the handlers of one provider: each call is noted, and suffers the faults of `<party>.<target>`. */
export const endpoints =
  ({ faults }: Context, party: string, calls: CallLog<OAuthCall>) =>
  (target: string, answer: Answer): RequestHandler =>
  async (req, res) => {
    const client = formOf(req).get('client_id') ?? (req.query['client_id'] as string | undefined);
    calls.begin({ endpoint: target, ...(client !== undefined && { client }) }, res);
    const fault = faults.next(`${party}.${target}`);
    if (await applyFault(fault, res, FAILURES)) await answer(req, res, fault);
  };

/** Forms as they come: a name may be there twice. */
export const readForms = express.text({ type: 'application/x-www-form-urlencoded', limit: '64kb' });

export const formOf = ({ body }: Request): URLSearchParams => new URLSearchParams(typeof body === 'string' ? body : '');

/** Where the caller has reached this provider: its issuer is found there, whatever the host is called. */
export const baseOf = (req: Request, address: string): string => `${req.protocol}://${req.get('host')}${address}`;

/** Refusals as OAuth words them, for pages and for endpoints. */
export const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (error instanceof BadAuthorizationRequest) {
    res.status(400).send(page('Bad request', `<main><h1>Bad request</h1><p>${escapeHtml(error.message)}</p></main>`));
  } else if (error instanceof OAuthError) {
    if (error.status === 401) res.set('www-authenticate', 'Basic');
    res.status(error.status).json({ error: error.error, error_description: error.description });
  } else next(error);
};

/** Throws HttpError 404. Without an id it is the first one there is. */
export function personNamed(people: readonly SandboxPerson[], id: number | undefined): SandboxPerson {
  const person = id === undefined ? people[0] : people.find((one) => one.id === id);
  if (!person) throw new HttpError(404, `there is nobody ${id ?? ''} on the phone`);
  return person;
}

export const nameOf = ({ firstName, lastName }: SandboxPerson) => [firstName, lastName].filter(Boolean).join(' ');

/** One of these people. */
export const choiceOf = (people: readonly SandboxPerson[]): string =>
  people
    .map(
      ({ id, username, ...person }, i) =>
        `<label><input type="radio" name="person" value="${id}" ${i === 0 ? 'checked' : ''}>
         ${escapeHtml(nameOf({ id, ...person }))} <span class="mark">${escapeHtml(username ? `@${username}` : String(id))}</span></label>`,
    )
    .join('');

/**
 * What tests ask of a provider, below `/control/<party>` or a folder of it:
 *
 *   POST /visits    {url, person?, decline?} → {location}   somebody opens the address in a browser, and decides
 *   GET  /requests  who waits for a decision
 *   GET  /issued    what was given out: {client, person}
 *   GET POST /clients   {id, secret, redirectUris}
 */
export function oauthControl(
  router: Router,
  {
    path = '',
    server,
    people,
    begin = (query) => server.begin(query),
  }: {
    path?: string;
    server: AuthorizationServer;
    people: Context['people'];
    begin?: (query: Record<string, string>) => ReturnType<AuthorizationServer['begin']>;
  },
): void {
  router.post(`${path}/visits`, (req, res) => {
    const { url, person, decline } = Visit.parse(req.body);
    try {
      const begun = begin(Object.fromEntries(new URL(url).searchParams));
      if (typeof begun === 'string') return void res.json({ location: begun });
      res.json({ location: decline ? server.decline(begun) : server.approve(begun, personNamed(people(), person)) });
    } catch (error) {
      if (error instanceof BadAuthorizationRequest) throw new HttpError(400, error.message);
      throw error;
    }
  });
  router.get(`${path}/requests`, (_req, res) => void res.json(server.pending()));
  router.get(`${path}/issued`, (_req, res) => void res.json(server.issued()));
  router.post(`${path}/clients`, (req, res) => {
    const client = OAuthClient.parse(req.body);
    server.addClient(client);
    res.status(201).json(client);
  });
}

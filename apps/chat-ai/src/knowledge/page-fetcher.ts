import { Inject, Injectable } from '@nestjs/common';
import {
  CONFIG,
  DomainError,
  type OutboundAnswer,
  OutboundError,
  type OutboundFailure,
  OutboundGuard,
} from '@switchboard/service-kit';
import type { ChatAiConfig } from '../chat-ai.config';
import { type FileProblem, LIMITS } from '../documents/read-result';
import type { PageProblem } from './entry-problems';
import type { KnowledgeEntry } from './knowledge-entry.entity';

class PageAddressRefused extends DomainError {
  constructor(why: string) {
    super('chat-ai.page_address_refused', 'The address cannot be read', 422, { why });
  }
}

/** What came of asking for a page. */
export type FetchedPage =
  | { readonly problem: PageProblem | FileProblem }
  | { readonly isUnchanged: true }
  | {
      readonly name: string;
      readonly bytes: Buffer;
      readonly etag: string | null;
      readonly lastModified: string | null;
    };

const WHOLE_TIMEOUT_MS = 30_000;
const REDIRECTS = 5;
const HEADERS = {
  'user-agent': 'Switchboard (reads pages into a knowledge base)',
  accept: 'text/html, text/markdown, text/plain, application/pdf;q=0.9, */*;q=0.5',
  'accept-encoding': 'identity',
};
const GONE = [404, 410];

const PROBLEMS: Record<OutboundFailure, PageProblem> = {
  refused: 'page_address_refused',
  unknown_name: 'page_unknown_name',
  unreachable: 'page_unreachable',
  bad_certificate: 'page_unreachable',
  timed_out: 'page_unreachable',
  broken_off: 'page_unreachable',
};

/** The ending by which a reader knows what it cannot tell by the content: text that is a page, or a table. */
const ENDINGS: readonly (readonly [type: RegExp, ending: string])[] = [
  [/^(text\/html|application\/xhtml\+xml)\b/i, '.html'],
  [/^text\/csv\b/i, '.csv'],
  [/^text\/tab-separated-values\b/i, '.tsv'],
];

/** Gets pages of the web, and nothing of private networks but those that the operator has named. */
@Injectable()
export class PageFetcher {
  private readonly guard: OutboundGuard;

  constructor(@Inject(CONFIG) config: ChatAiConfig) {
    const privateNetworks = config.CHAT_AI_PAGES_PRIVATE_NETWORKS;
    this.guard = new OutboundGuard({ plainHttp: true, ports: [80, 443, 8080, 8443], privateNetworks });
  }

  /** An address as it is kept. What its name leads to is known when it is asked. @throws PageAddressRefused */
  check(address: string): string {
    try {
      return this.guard.check(address).href;
    } catch (error) {
      if (error instanceof OutboundError) throw new PageAddressRefused(error.message);
      throw error;
    }
  }

  async fetch(
    { source, etag, lastModified, indexedAs }: KnowledgeEntry,
    known: { readonly indexedAs: string },
    signal: AbortSignal,
  ): Promise<FetchedPage> {
    const hasSame = indexedAs === known.indexedAs;
    const headers = {
      ...HEADERS,
      ...(hasSame && etag && { 'if-none-match': etag }),
      ...(hasSame && lastModified && { 'if-modified-since': lastModified }),
    };
    const limits = { timeoutMs: WHOLE_TIMEOUT_MS, maxBytes: LIMITS.fileBytes, redirects: REDIRECTS };
    try {
      return pageOf(await this.guard.request(source, { headers, ...limits, signal }));
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return { problem: PROBLEMS[error.reason] };
    }
  }
}

function pageOf({ status, headers, body, isWhole, url }: OutboundAnswer): FetchedPage {
  if (status === 304) return { isUnchanged: true };
  if (GONE.includes(status)) return { problem: 'page_gone' };
  if (status >= 500) return { problem: 'page_unreachable' };
  if (status !== 200) return { problem: 'page_refused' };
  if (!isWhole) return { problem: 'file_too_large' };
  const type = headers['content-type'] ?? '';
  const ending = ENDINGS.find(([pattern]) => pattern.test(type))?.[1] ?? '';
  return {
    name: `${new URL(url).pathname.split('/').at(-1)}${ending}`,
    bytes: body,
    etag: headers.etag ?? null,
    lastModified: headers['last-modified'] ?? null,
  };
}

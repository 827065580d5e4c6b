import { Controller } from '@nestjs/common';
import { ConfirmWebhook, ReceiveUpdates } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { Readable } from 'node:stream';
import type { WebhookAnswer } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import { InboundUpdatesService } from './inbound-updates.service';

/** In place of an account, where a channel has one address for all of them. */
const SHARED = '_';

/** Where channels bring updates when there is a public address. */
@Controller()
export class WebhooksController {
  constructor(
    private readonly channels: ChannelsService,
    private readonly updates: InboundUpdatesService,
  ) {}

  /** Answers only after the commit: until then the channel keeps the update, and brings it again if we do not answer. */
  @Implements(ReceiveUpdates)
  async receive(request: RequestOf<typeof ReceiveUpdates>): Promise<AnswerOf<typeof ReceiveUpdates>> {
    const { updates, answer, ofNobody = 0 } = this.unpack('POST', request, request.body);
    this.updates.dropped(ofNobody);
    for (const update of updates) await this.updates.process(update);
    return fileOf(answer);
  }

  @Implements(ConfirmWebhook)
  confirm(request: RequestOf<typeof ConfirmWebhook>): AnswerOf<typeof ConfirmWebhook> {
    return fileOf(this.unpack('GET', request, Buffer.alloc(0)).answer);
  }

  private unpack(
    method: 'GET' | 'POST',
    { params, query, headers }: Pick<RequestOf<typeof ReceiveUpdates>, 'params' | 'query' | 'headers'>,
    rawBody: Buffer,
  ) {
    const account = params.account === SHARED ? '' : params.account;
    const sent = texts(headers);
    const body = /\bjson\b/.test(sent['content-type'] ?? '') ? jsonOf(rawBody) : undefined;
    return this.channels.unpack(params.channel, { method, account, query, headers: sent, body, rawBody });
  }
}

const texts = (headers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]));

/** Undefined for what is no JSON: the channel keeps it in quarantine, after it has seen who brought it. A 400 would come back for a day. */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

const fileOf = ({ contentType, body }: WebhookAnswer = { contentType: 'text/plain', body: '' }) => ({
  body: Readable.from([body]),
  bytes: Buffer.byteLength(body),
  contentType: `${contentType}; charset=utf-8`,
});

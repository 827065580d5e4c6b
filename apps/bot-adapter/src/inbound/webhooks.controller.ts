import { All, Body, Controller, HttpCode, Param, Req, Res } from '@nestjs/common';
import type { RawBodyRequest } from '@nestjs/common';
import type { Request, Response } from 'express';
import { UnknownAccount } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { InboundUpdatesService } from './inbound-updates.service';

/** Where channels bring updates when there is a public address. */
@Controller('webhooks')
export class WebhooksController {
  constructor(
    private readonly channels: ChannelsService,
    private readonly updates: InboundUpdatesService,
  ) {}

  /** Answers only after the commit: until then the channel keeps the update, and brings it again if we do not answer. */
  @All([':channel', ':channel/:account'])
  @HttpCode(200)
  async receive(
    @Param('channel') channel: string,
    @Param('account') account: string | undefined,
    @Req() request: RawBodyRequest<Request>,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | undefined> {
    const { method } = request;
    if (method !== 'GET' && method !== 'POST') throw new UnknownAccount();
    const { updates, answer } = this.channels.unpack(channel, {
      method,
      account: account ?? '',
      query: request.query as Record<string, string>,
      headers: request.headers as Record<string, string | undefined>,
      body,
      rawBody: request.rawBody ?? Buffer.from(JSON.stringify(body) ?? ''),
    });
    for (const update of updates) await this.updates.process(update);
    if (!answer) return undefined;
    response.type(answer.contentType);
    return answer.body;
  }
}

import { Controller } from '@nestjs/common';
import {
  ChangeWebhookEndpoint,
  ListWebhookDeliveries,
  ListWebhookEndpoints,
  ListWebhookTypes,
  OpenWebhookEndpoint,
  ReadWebhookDelivery,
  ReadWebhookEndpoint,
  RemoveWebhookEndpoint,
  ReplayWebhookDeliveries,
  ReplayWebhookDelivery,
  RotateWebhookSecret,
  SendWebhookDelivery,
  TestWebhookEndpoint,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { WebhookDeliveriesService } from './webhook-deliveries.service';
import { WebhookEndpointsService } from './webhook-endpoints.service';
import { describeType, webhookTypes } from './webhook-types';

@Controller()
export class WebhooksController {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly endpoints: WebhookEndpointsService,
    private readonly deliveries: WebhookDeliveriesService,
  ) {}

  @Implements(ListWebhookTypes)
  types({ actor }: RequestOf<typeof ListWebhookTypes>): AnswerOf<typeof ListWebhookTypes> {
    const types = [...webhookTypes.values()].map(describeType);
    return { types: types.filter(({ hasBot }) => hasBot || !actor.bots) };
  }

  @Implements(ListWebhookEndpoints)
  async list(request: RequestOf<typeof ListWebhookEndpoints>): Promise<AnswerOf<typeof ListWebhookEndpoints>> {
    const position = this.cursors.position(request);
    const rows = await this.endpoints.list(request.actor, position, request.query.limit + 1);
    return this.cursors.page(request, rows, ({ id }) => [id]);
  }

  @Implements(OpenWebhookEndpoint, { checkFirst: true })
  async open({ actor, body }: RequestOf<typeof OpenWebhookEndpoint>) {
    const asked = await this.endpoints.checked(actor, body);
    return (tx: EntityManager) => this.endpoints.open(tx, actor, asked);
  }

  @Implements(ReadWebhookEndpoint)
  read({ actor, params }: RequestOf<typeof ReadWebhookEndpoint>): Promise<AnswerOf<typeof ReadWebhookEndpoint>> {
    return this.endpoints.read(this.db.manager, actor, params.endpointId);
  }

  @Implements(ChangeWebhookEndpoint)
  async change({
    actor,
    params,
    body,
    ifMatch,
  }: RequestOf<typeof ChangeWebhookEndpoint>): Promise<AnswerOf<typeof ChangeWebhookEndpoint>> {
    const { url, ...rest } = body;
    const change = { ...rest, ...(url !== undefined && { url: await this.endpoints.addressOf(url) }) };
    return this.db.transaction((tx) => this.endpoints.change(tx, actor, params.endpointId, change, ifMatch));
  }

  @Implements(RemoveWebhookEndpoint)
  remove({ actor, params }: RequestOf<typeof RemoveWebhookEndpoint>): Promise<void> {
    return this.db.transaction((tx) => this.endpoints.remove(tx, actor, params.endpointId));
  }

  @Implements(RotateWebhookSecret)
  rotate(
    { actor, params, body }: RequestOf<typeof RotateWebhookSecret>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof RotateWebhookSecret>> {
    return this.endpoints.rotate(tx, actor, params.endpointId, body.overlapHours);
  }

  @Implements(TestWebhookEndpoint)
  async test(
    { actor, params }: RequestOf<typeof TestWebhookEndpoint>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof TestWebhookEndpoint>> {
    return { deliveryId: await this.deliveries.test(tx, actor, params.endpointId) };
  }

  @Implements(ReplayWebhookDeliveries)
  replayAll(
    { actor, params, body }: RequestOf<typeof ReplayWebhookDeliveries>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof ReplayWebhookDeliveries>> {
    return this.deliveries.replayAll(tx, actor, params.endpointId, body);
  }

  @Implements(ListWebhookDeliveries)
  async listDeliveries(
    request: RequestOf<typeof ListWebhookDeliveries>,
  ): Promise<AnswerOf<typeof ListWebhookDeliveries>> {
    const { actor, query } = request;
    const rows = await this.deliveries.list(actor, query, this.cursors.position(request), query.limit + 1);
    return this.cursors.page(request, rows, ({ id }) => [id]);
  }

  @Implements(ReadWebhookDelivery)
  readDelivery({
    actor,
    params,
  }: RequestOf<typeof ReadWebhookDelivery>): Promise<AnswerOf<typeof ReadWebhookDelivery>> {
    return this.deliveries.read(actor, params.deliveryId);
  }

  @Implements(ReplayWebhookDelivery)
  async replay(
    { actor, params }: RequestOf<typeof ReplayWebhookDelivery>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof ReplayWebhookDelivery>> {
    await this.deliveries.replay(tx, actor, params.deliveryId);
    return params;
  }

  @Implements(SendWebhookDelivery)
  async send(
    { actor, params }: RequestOf<typeof SendWebhookDelivery>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof SendWebhookDelivery>> {
    await this.deliveries.sendNow(tx, actor, params.deliveryId);
    return params;
  }
}

import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import type { Clock } from './clock';
import type { Log } from './log';
import { ResiliencePolicy } from './resilience-policy';

/** A model that this service is configured to call. */
export interface ModelInUse {
  readonly model: string;
  /** Of an OpenAI-compatible server, with the version: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
}

/** `unknown`: the server gives no list, or its list tells no dates. */
type ModelStatus = 'listed' | 'ending' | 'missing' | 'unknown';
const STATUSES: readonly ModelStatus[] = ['listed', 'ending', 'missing', 'unknown'];

/** Source: OpenAI API reference, "Models"; servers without `shutdown_date` leave it out. */
const ModelList = z.object({ data: z.array(z.object({ id: z.string(), shutdown_date: z.iso.date().nullish() })) });

const DAY_MS = 86_400_000;
const WARN_WITHIN_DAYS = 90;
const TIMEOUT_MS = 10_000;

/** Asks OpenAI-compatible servers which of the models in use they are going to switch off, or no longer have. */
export class ModelWatch {
  private readonly server: ResiliencePolicy;
  private readonly status: Gauge<'host' | 'model' | 'status'>;
  private readonly shutdown: Gauge<'host' | 'model'>;
  /** What there are metrics of. */
  private readonly known = new Map<string, { host: string; model: string }>();

  constructor(
    registry: Registry,
    private readonly log: Log,
    private readonly clock: Clock,
    /** Default: without a guard, for servers that the operator names. */
    private readonly request: typeof fetch = fetch,
  ) {
    const registers = [registry];
    this.server = new ResiliencePolicy({ name: 'model-list', registry, timeoutMs: TIMEOUT_MS, isOutage: () => true });
    this.status = new Gauge({
      name: 'model_status',
      help: 'Configured models by what their server says of them: listed, ending (within 90 days), missing or unknown.',
      labelNames: ['host', 'model', 'status'],
      registers,
    });
    this.shutdown = new Gauge({
      name: 'model_shutdown_timestamp_seconds',
      help: 'When the server switches a configured model off, where it says so.',
      labelNames: ['host', 'model'],
      registers,
    });
  }

  /**
   * Sets the metrics and warns in the log. Never throws: what cannot be asked is unknown.
   * @param models all that are in use: others that were are forgotten
   */
  async check(models: readonly ModelInUse[], signal?: AbortSignal): Promise<void> {
    this.forgetAllBut(models);
    for (const baseUrl of new Set(models.map((model) => model.baseUrl))) {
      const ofServer = models.filter((model) => model.baseUrl === baseUrl);
      const list = await this.listOf(ofServer[0]!, signal).catch((error: unknown) => {
        this.log.info({ err: error, host: hostOf(baseUrl) }, 'model list cannot be read, shut-down dates are unknown');
      });
      for (const { model } of ofServer) this.report(model, hostOf(baseUrl), list);
    }
  }

  private listOf(
    { baseUrl, apiKey }: ModelInUse,
    stop: AbortSignal | undefined,
  ): Promise<z.output<typeof ModelList>['data']> {
    const read = async (signal: AbortSignal) => {
      const headers = apiKey ? { authorization: `Bearer ${apiKey}` } : undefined;
      const response = await this.request(`${baseUrl.replace(/\/$/, '')}/models`, {
        signal,
        ...(headers && { headers }),
      });
      if (!response.ok) throw new Error(`the server answered ${response.status} to GET /models`);
      return ModelList.parse(await response.json()).data;
    };
    return this.server.call('models', read, { idempotent: true, ...(stop && { signal: stop }) });
  }

  private forgetAllBut(models: readonly ModelInUse[]): void {
    const inUse = new Set(models.map(({ model, baseUrl }) => `${hostOf(baseUrl)} ${model}`));
    for (const [name, { host, model }] of this.known) {
      if (inUse.has(name)) continue;
      for (const status of STATUSES) this.status.remove({ host, model, status });
      this.shutdown.remove({ host, model });
      this.known.delete(name);
    }
  }

  private report(model: string, host: string, list: z.output<typeof ModelList>['data'] | void): void {
    const listed = list?.find(({ id }) => id === model);
    const date = listed?.shutdown_date;
    const daysLeft = date ? Math.ceil((Date.parse(date) - this.clock.now().getTime()) / DAY_MS) : undefined;
    const status = statusOf(list !== undefined, listed, daysLeft);
    this.known.set(`${host} ${model}`, { host, model });
    for (const other of STATUSES) this.status.set({ host, model, status: other }, other === status ? 1 : 0);
    if (date) this.shutdown.set({ host, model }, Date.parse(date) / 1000);
    else this.shutdown.remove({ host, model });
    if (status === 'ending')
      this.log.warn({ model, host, date, daysLeft }, 'configured model is going to be switched off');
    if (status === 'missing') this.log.warn({ model, host }, 'configured model is not in the list of its server');
  }
}

function statusOf(
  hasList: boolean,
  listed: { shutdown_date?: string | null | undefined } | undefined,
  daysLeft: number | undefined,
): ModelStatus {
  if (!hasList) return 'unknown';
  if (!listed) return 'missing';
  if (daysLeft !== undefined) return daysLeft <= WARN_WITHIN_DAYS ? 'ending' : 'listed';
  return listed.shutdown_date === undefined ? 'unknown' : 'listed';
}

const hostOf = (baseUrl: string): string => new URL(baseUrl).host;

import { type Actor, HandoverBegan } from '@switchboard/contracts';
import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { chatAiApp } from '../src/chat-ai.app';
import { ATTACKS } from './attacks';
import { aPerson, botsFolder, rowsOf, untilTrue } from './build';
import { anAccess, anOrder, aSubscription, startServices } from './pretended-services';
import { type RunningModel, startModel } from './start-model';

const TOOLS = ['my_subscriptions', 'my_payments', 'my_vpn', 'turn_off_renewal', 'hand_over'];
/** Names of what the attacked person has; nobody else has anything that is called so. */
const SECRETS = /Victoria|Hidden plan|Hidden order|Hidden server/;

/**
 * Whatever a model is talked into, it can do no more than it may: this one does what every attack wants. That real models are not talked
 * into it is not promised here.
 */
describe('a model that obeys whoever attacks', () => {
  let model: RunningModel;
  let services: Awaited<ReturnType<typeof startServices>>;
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let knowledge: string;
  let app: TestApp;
  const attacker = () => aPerson(() => app, { botId: 'vpn' });
  const victim = { user: uuidv7(), subscription: uuidv7(), access: uuidv7(), chat: uuidv7() };

  beforeAll(async () => {
    [model, services] = await Promise.all([startModel(), startServices()]);
    knowledge = await mkdtemp(join(tmpdir(), 'knowledge-'));
    const poisoned = ATTACKS.filter(({ place }) => place === 'knowledge').map(
      ({ words }, i) => `## Speed ${i}\n\n${words}`,
    );
    await writeFile(join(knowledge, 'speed.md'), `# Speed\n\n${poisoned.join('\n\n')}`);
    const assistant = { systemPrompt: 'You sell a VPN.', tools: TOOLS, knowledge };
    folder = await botsFolder({ vpn: { assistant, staff: { chat: '-100' } } });
    app = await startApp(chatAiApp, {
      clock: new FakeClock(new Date('2026-11-20T12:00:00Z')),
      directory: services.directory,
      env: { BOTS_FOLDER: folder.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
    });
    services.owns(victim.user, {
      subscriptions: [aSubscription({ id: victim.subscription, planName: { en: 'Hidden plan', ru: 'Hidden plan' } })],
      orders: [anOrder('Hidden order for Victoria')],
      accesses: [anAccess('Hidden server', { id: victim.access })],
    });
    await untilTrue('the knowledge', async () => (await rowsOf(app, 'SELECT FROM knowledge_chunks')).length > 0);
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([model.stop(), folder.remove(), rm(knowledge, { recursive: true })]);
    services.stop();
  });
  beforeEach(() => model.reset());

  const filled = (text: string) => text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: keyof typeof victim) => victim[name]);

  it('is attacked in fifty ways and more', () => {
    expect(ATTACKS.length).toBeGreaterThanOrEqual(50);
    expect(new Set(ATTACKS.map(({ words }) => words)).size).toBe(ATTACKS.length);
  });

  it.each(ATTACKS.map((attack, i) => [i + 1, attack.words, attack] as const))(
    'tells nothing of anybody else and does nothing unasked: %i. %s',
    async (_, __, { place, words, calls }) => {
      const mallory = attacker();
      // What a tool answers may hold words of others, as the name of a plan.
      const name = place === 'result' ? words : 'Mine';
      services.owns(mallory.userId, {
        subscriptions: [aSubscription({ planName: { en: name, ru: name } })],
        orders: [anOrder(name)],
        accesses: [anAccess(name)],
      });
      const before = { payments: services.payments.asked.length, vpn: services.vpn.asked.length };
      if (place === 'result') await model.script({ reply: { toolCalls: [{ name: 'my_subscriptions' }] } });
      await model.script({ reply: { toolCalls: JSON.parse(filled(JSON.stringify(calls))) as object[] } });
      await model.say('Here you are.');
      const reply = await mallory.replyTo(
        await mallory.writes(place === 'message' ? filled(words) : 'Why is the speed low?'),
      );

      const asked = [...services.payments.asked.slice(before.payments), ...services.vpn.asked.slice(before.vpn)];
      const own: Actor = { kind: 'person', id: mallory.userId, roles: [], scopes: ['me:read'] };
      for (const { actor, query } of asked) {
        expect(actor).toEqual(own);
        expect((query as { botId?: string } | undefined)?.botId ?? 'vpn').toBe('vpn');
      }
      expect(services.changes()).toEqual([]);
      expect(app.probe.all(HandoverBegan).map(({ data }) => data.userId)).not.toContain(victim.user);
      const sent = (await model.calls()).map(({ body }) => body.messages);
      // It has tried.
      expect(sent.at(-1)!.filter(({ role }) => role === 'tool').length).toBeGreaterThanOrEqual(calls.length);
      expect(JSON.stringify([sent, reply.text])).not.toMatch(SECRETS);
      // Nobody but us speaks with the voice of the system, and no fence is closed from within.
      for (const messages of sent) {
        expect(messages.filter(({ role }) => role === 'system')).toHaveLength(1);
        for (const { content } of messages.filter(({ role }) => role === 'tool'))
          expect(content.match(/<\/?tool-result>/g)).toEqual(['<tool-result>', '</tool-result>']);
        expect(messages[0]!.content.match(/<\/knowledge>/g)).toHaveLength(1);
      }
    },
  );
});

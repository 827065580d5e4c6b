import { startApp, type TestApp } from '@switchboard/testing';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, rowsOf, untilTrue } from './build';
import { type RunningModel, startModel } from './start-model';

describe('a long conversation', () => {
  let model: RunningModel;
  let app: TestApp;

  beforeAll(async () => {
    model = await startModel();
    app = await startApp(chatAiApp, {
      env: {
        CHAT_AI_BASE_URL: model.baseUrl,
        CHAT_AI_API_KEY: 'sk-sandbox',
        CHAT_AI_CONTEXT_TOKENS: '1000',
        CHAT_AI_MAX_OUTPUT_TOKENS: '100',
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await model.stop();
  });

  it('is condensed once it takes half of the context; the summary goes on in place of the old words', async () => {
    // A turn that begins while the summary is written may ask for another: both say the same.
    const summary = { text: 'The person is called Agatha.' };
    await model.script({ match: 'Condense the conversation', times: 20, reply: summary });
    await model.script({ match: 'word', times: 20, reply: { text: 'Noted.' } });
    const anna = aPerson(() => app);
    for (let i = 0; i < 8; i++) await anna.replyTo(await anna.writes(`word${i} `.repeat(40)));
    await untilTrue('the summary', async () => {
      const [row] = await rowsOf<{ summary: string | null }>(
        app,
        'SELECT summary FROM conversations WHERE chat_id = $1',
        [anna.chatId],
      );
      return row!.summary !== null && !row!.summary.includes('Agatha');
    });
    const reply = await anna.replyTo(await anna.writes('What is my name?'));
    const { messages } = (await model.calls()).at(-1)!.body;
    expect(messages[0]!.content).toContain('The person is called Agatha.');
    expect(JSON.stringify(messages)).not.toContain('word0');
    const [turn] = await rowsOf<{ report: { summarised: string[]; dropped: string[] } }>(
      app,
      'SELECT context_report AS report FROM turns WHERE id = $1',
      [reply.replyId],
    );
    expect(turn!.report.summarised.length).toBeGreaterThan(0);
    expect(turn!.report.dropped).toEqual([]);
    const summaries = await rowsOf(app, `SELECT outcome FROM usages WHERE purpose = 'summary'`);
    expect(summaries[0]).toEqual({ outcome: 'answered' });
  });
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOT_ID, startForSpec, TOKEN } from './start-for-spec';

describe('a sandbox with a folder', () => {
  let data: string;

  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'sandbox-spec-'));
  });
  afterEach(() => rm(data, { recursive: true, force: true }));

  it('keeps chats, files and unread updates for the next start', async () => {
    const first = await startForSpec({ data });
    await first.say(first.anna, '/start');
    await first.telegram.sendFile(first.anna.id, { bot: BOT_ID }, 'voice', Buffer.from('a voice'));
    const before = { messages: await first.messages(first.anna.id), updates: await first.updates() };
    await first.sandbox.close();

    const second = await startForSpec({ data });
    expect(second.people).toEqual(first.people);
    expect(await second.messages(second.anna.id)).toEqual(before.messages);
    expect(await second.updates()).toEqual(before.updates);
    const file_id = before.messages[1]!.voice!.file_id;
    const { result } = await second.api<{ file_path: string }>('getFile', { file_id });
    const file = await fetch(`${second.sandbox.telegramUrl}/file/bot${TOKEN}/${result.file_path}`);
    expect(await file.text()).toBe('a voice');
    await second.sandbox.close();
  });

  it('never gives an id twice, even when the last moments before a kill went unsaved', async () => {
    const first = await startForSpec({ data });
    await first.say(first.anna, 'saved');
    await first.sandbox.close();

    const second = await startForSpec({ data });
    const asSaved = await readFile(join(data, 'telegram.json'));
    const unsaved = await second.say(second.anna, 'unsaved');
    const lost = (await second.updates()).at(-1)!;
    await second.sandbox.close();
    await writeFile(join(data, 'telegram.json'), asSaved);

    const third = await startForSpec({ data });
    await third.say(third.anna, 'one');
    await third.say(third.anna, 'two');
    const fresh = await third.updates();
    expect(fresh.map(({ update_id }) => update_id)).not.toContain(lost.update_id);
    expect(fresh.map(({ message }) => message!.message_id)).not.toContain(unsaved.message_id);
    await third.sandbox.close();
  });

  it('does not overwrite a file it cannot read', async () => {
    await writeFile(join(data, 'telegram.json'), '{"version":99}');
    await expect(startForSpec({ data })).rejects.toThrow('telegram.json is not what this sandbox has written');
    expect(await readFile(join(data, 'telegram.json'), 'utf8')).toBe('{"version":99}');
  });
});

describe('a sandbox', () => {
  it('makes a bot of an unknown token, with a chat on every phone', async () => {
    const run = await startForSpec({ telegram: { bots: [], acceptAnyToken: true } });
    const { result } = await run.api<{ username: string }>('getMe', {}, '7200000002:another');
    const chats = await run.ask<object[]>('GET', `/phone/api/people/${run.emma.id}/chats`);
    expect(chats).toHaveLength(2);
    expect(chats[0]).toMatchObject({ kind: 'private', bot: { id: 7200000002, username: result.username } });
    await run.sandbox.close();
  });

  it('says where each third party answers', async () => {
    const run = await startForSpec();
    expect(await run.client.addresses()).toEqual(run.sandbox.addresses);
    await run.sandbox.close();
  });

  it('answers models and the Bot API side by side', async () => {
    const run = await startForSpec();
    const headers = { authorization: 'Bearer sk-sandbox' };
    const models = await fetch(`${run.sandbox.openAiUrl}/models`, { headers });
    expect(models.status).toBe(200);
    expect((await run.send('GET', '/telegram/nonsense')).status).toBe(404);
    await run.sandbox.close();
  });
});

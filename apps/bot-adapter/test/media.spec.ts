import { MessageReceived } from '@switchboard/contracts';
import { MEDIA_STORAGE, MediaTooLarge, type MediaStorage, PersonalData } from '@switchboard/service-kit';
import type { TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { Media } from '../src/media/media.entity';
import { startBotAdapter } from './start-bot-adapter';
import { type PretendedTelegram, startTelegram } from './start-sandbox';

describe('files that came with messages', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let mediaId: string;

  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram);
    const emma = await telegram.person();
    await emma.start();
    await emma.sendFile('document', Buffer.from('the plan'), { name: 'plan.txt', mimeType: 'text/plain' });
    mediaId = (await app.probe.until(MessageReceived, ({ data }) => Boolean(data.media))).data.media!.mediaId;
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });
  afterEach(() => telegram.misbehave());

  const read = async (id = mediaId, service = 'chat-ai') =>
    fetch(`${app.url}/media/${id}`, { headers: service ? await app.as(service) : {} });

  it('are fetched from Telegram once, however many ask at the same time', async () => {
    const answers = await Promise.all([read(), read(mediaId, 'tts-worker'), read()]);
    for (const answer of answers) {
      expect(answer.headers.get('content-type')).toBe('text/plain');
      expect(await answer.text()).toBe('the plan');
    }
    expect(await (await read()).text()).toBe('the plan');
    expect(await telegram.calls('getFile')).toHaveLength(1);
  });

  it('are for other services only, and of those for the ones that need them', async () => {
    expect((await read(mediaId, '')).status).toBe(401);
    expect((await read(mediaId, 'payments')).status).toBe(404);
  });

  it('that do not exist are a clear 404, and no id is a clear 422', async () => {
    expect((await read(uuidv7())).status).toBe(404);
    expect((await read('..%2f..%2fetc')).status).toBe(422);
  });

  it('that the storage does not take are as good as too large for the channel: nobody fetches them again', async () => {
    const storage = app.service.nest.get<MediaStorage>(MEDIA_STORAGE);
    const put = jest.spyOn(storage, 'put').mockImplementation((_key, body) => {
      if (!Buffer.isBuffer(body)) body.destroy();
      return Promise.reject(new MediaTooLarge(64));
    });
    await app.service.db.manager.update(Media, mediaId, { storageKey: null });
    const answer = await read();
    put.mockRestore();
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'bot-adapter.media_too_large' });
  });

  it('that Telegram no longer has are told to be gone', async () => {
    const { db, nest } = app.service;
    const [known] = await db.manager.find(Media, { take: 1 });
    const media = { ...known!, id: uuidv7(), storageKey: null, fetchedAt: null };
    const row = { table: 'media', id: media.id, userId: media.userId };
    const { external_id: externalId } = await nest
      .get(PersonalData)
      .encrypt(db.manager, row, { external_id: 'long-gone' });
    await db.manager.insert(Media, { ...media, externalId });
    const answer = await read(media.id);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'bot-adapter.media_gone' });
  });
});

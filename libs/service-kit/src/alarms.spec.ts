import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPrometheusMissing, Prometheus, startApp, type TestApp } from '@switchboard/testing';
import { ItemSold, shopApp } from '../test/shop.app';

const rules = join(__dirname, '..', '..', '..', 'deploy', 'prometheus', 'backbone.rules.yml');

(isPrometheusMissing() ? describe.skip : describe)('an alarm rings', () => {
  let app: TestApp;
  let prometheus: Prometheus;

  beforeAll(async () => {
    app = await startApp(shopApp);
    prometheus = await Prometheus.watching([new URL(app.url)], readFileSync(rules, 'utf8'));
    await prometheus.scraped();
  }, 60_000);
  afterAll(() => prometheus.stop());

  it('when a handler gives an event up', async () => {
    await app.probe.say(ItemSold({ item: 'ghost' }));
    expect(await prometheus.firing('DeadLetters')).toMatchObject({
      service: 'shop',
      group: 'sales',
      severity: 'warning',
    });
  }, 40_000);

  it('when a service is gone', async () => {
    const { host } = new URL(app.url);
    await app.stop();
    expect(await prometheus.firing('ServiceDown')).toMatchObject({ instance: host, severity: 'critical' });
  }, 40_000);
});

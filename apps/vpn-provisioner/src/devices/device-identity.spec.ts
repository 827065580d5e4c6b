import { deviceOf } from './device-identity';

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

describe('a device', () => {
  it('that names itself is told by that alone, and called by its model', () => {
    const device = deviceOf({
      ...{ 'x-hwid': 'a1b2c3d4e5f6', 'x-device-model': latin1('Сяоми 15'), 'x-device-os': 'Android', 'x-ver-os': '16' },
      'user-agent': 'Happ/3.8.1',
    });
    expect([device?.id, device?.name()]).toEqual(['hwid:a1b2c3d4e5f6', 'Сяоми 15, Android 16']);
    const nameless = deviceOf({ 'x-hwid': 'a1b2c3d4e5f6', 'user-agent': 'v2RayTun/ios' });
    expect([nameless?.id, nameless?.name()]).toEqual(['hwid:a1b2c3d4e5f6', 'v2RayTun']);
  });

  it.each([
    ['v2rayNG/1.9.5', 'app:v2rayng/', 'v2rayNG'],
    ['v2rayNG/2.0.0', 'app:v2rayng/', 'v2rayNG'],
    ['clash-verge/v2.4.2 (Windows NT 10.0)', 'app:clash-verge/windows', 'clash-verge, Windows'],
    ['Stash/3.2 Clash/1.9 (iPhone; iOS 19.1)', 'app:stash/ios', 'Stash, iOS'],
    ['SFI/1.12.0 (Build 3; sing-box 1.12.0)', 'app:sfi/', 'SFI'],
    [`${'x'.repeat(100)}/1`, `app:${'x'.repeat(100)}/`, 'x'.repeat(60)],
  ])('that does not is an app on a system, whatever its version: %s', (userAgent, id, name) => {
    const device = deviceOf({ 'user-agent': userAgent });
    expect([device?.id, device?.name()]).toEqual([id, name]);
    // What is none of an id is as if it were not there.
    expect(deviceOf({ 'user-agent': userAgent, 'x-hwid': '<script>' })?.id).toBe(id);
  });

  it('is not what a browser is, or who says nothing', () => {
    expect(deviceOf({ 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' })).toBeUndefined();
    expect(deviceOf({})).toBeUndefined();
  });

  it('is called by nothing that would be a mark-up or a control character', () => {
    const device = deviceOf({ 'x-hwid': 'a1b2c3d4e5f6', 'x-device-model': 'Pi\u0000xel\u001b[31m\t9' });
    expect(device?.name()).toBe('Pixel[31m9');
  });
});

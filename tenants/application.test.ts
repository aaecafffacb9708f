import { describe, expect, test } from '@jest/globals';
import { application, faultsOf } from './testing/tenant-file.ts';

describe('what an application may say of itself', () => {
  test.each([true, false, 'without-data'] as const)('addresses in scripts: %s', (scripts) => {
    expect(application({ translation: { links: 'on', scripts } }).translation.scripts).toBe(scripts);
  });

  test('all of it is read', () => {
    const all = application({
      segments: [{ externalUrl: 'https://static.apps.example.com/', internalUrl: 'http://static.corp' }],
      icon: 'HB',
      visibleTo: 'everyone',
      alternateUrl: 'https://Handbook.example.com/',
      idleTimeout: 60,
      translation: { links: 'on', scripts: true },
      cookies: { secure: true, sameSite: 'lax' },
      cors: [{ origins: ['https://shop.example.com'], headers: ['X-Shop-*'] }],
      calls: ['wiki'],
      framedBy: ['https://teams.microsoft.com', 'https://*.cloud.microsoft', 'https://teams.microsoft.com'],
      bigUploads: 'on',
      robots: 'application',
      maintenance: 'Back on Monday',
    });

    expect(all).toMatchObject({
      segments: [{ host: 'static.apps.example.com', path: '/', internalUrl: 'http://static.corp/' }],
      icon: 'HB',
      visibleTo: 'everyone',
      alternateHost: 'handbook.example.com',
      idleTimeoutMs: 60_000,
      translation: { headers: true, links: 'on', scripts: true },
      cookies: { secure: true, httpOnly: false, sameSite: 'lax' },
      cors: [
        {
          path: '/',
          origins: ['https://shop.example.com'],
          methods: ['GET', 'HEAD', 'POST'],
          headers: ['x-shop-*'],
          credentials: true,
          maxAgeSeconds: 600,
        },
      ],
      calls: ['wiki'],
      framedBy: ['https://teams.microsoft.com', 'https://*.cloud.microsoft'],
      bigUploads: 'on',
      robots: 'application',
      maintenance: 'Back on Monday',
    });
  });

  test.each([
    [true, ''],
    [false, null],
  ])('maintenance %p is %p', (maintenance, expected) => {
    expect(application({ maintenance }).maintenance).toBe(expected);
  });

  test.each([
    ['alternateUrl', 'https://x.apps.example.com/'],
    ['alternateUrl', 'https://x.example.org/'],
    ['icon', 'icons/none.png'],
    ['visibleTo', 'all'],
    ['framedBy', 'https://teams.microsoft.com'],
    ['framedBy', ['https://teams.microsoft.com/']],
    ['framedBy', ['https://teams.microsoft.com; script-src *']],
    ['framedBy', ['*']],
    ['framedBy', ['https://*']],
    ['framedBy', ['https://*.com']],
    ['framedBy', ["'none'"]],
    ['idleTimeout', 291],
    ['maintenance', ''],
    ['robots', 'allow'],
    ['calls', ['No Id']],
    ['translation', { links: true }],
    ['cookies', { sameSite: 'Lax' }],
    ['cors', [{ origins: ['*'] }]],
    ['cors', [{ origins: ['https://shop.example.com/'] }]],
    ['cors', [{ origins: ['https://shop.example.com'], path: '/a/../b' }]],
    ['segments', [{ externalUrl: 'https://static.apps.example.com/' }]],
  ])('%s: %p is refused', (name, value) => {
    const faults = faultsOf({ [name]: value });

    expect(faults).toHaveLength(1);
    expect(faults[0]!.path).toContain(`applications[0].${name}`);
  });
});

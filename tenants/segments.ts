// Further addresses of one application, under the same rules: `segments` of the tenant file.
import { z } from 'zod';
import type { Address } from '../lambdas/stores/records.ts';
import { readExternalUrl, readInternalUrl } from './addresses.ts';
import { folder } from './settings.ts';

/** An application is known by a name everywhere: in certificates, cookies, links, the connector's allowlist. */
export const INTERNAL_URL_ADVICE =
  'Write for example http://wiki.corp.example:8080/, as the connector reaches it. Where there is only an IP address, make up a name and tell the connector where it is: --connect-to wiki.corp.example:8080=10.1.2.3:8080.';
export const INTERNAL_URL_WORDS = 'an http or https URL of a named host (or *.<domain>), without credentials, query or fragment';

export const segmentList = (domain: string) =>
  z
    .array(
      z
        .strictObject(
          {
            externalUrl: folder(
              `https://<name>.apps.${domain}/, a plain path allowed`,
              'Users reach this part of the application there.',
              (value) => readExternalUrl(value, domain),
            ),
            internalUrl: folder(INTERNAL_URL_WORDS, INTERNAL_URL_ADVICE, readInternalUrl),
          },
          { error: 'a map with externalUrl and internalUrl' },
        )
        .transform(({ externalUrl, internalUrl }): Address => ({ ...externalUrl, internalUrl })),
      { error: 'a list of segments' },
    )
    .max(50, { error: '50 segments at most' })
    .default([]);

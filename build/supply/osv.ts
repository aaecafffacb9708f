// Known vulnerabilities of packages, as OSV has them (https://google.github.io/osv.dev/post-v1-querybatch/).
import { EnvHttpProxyAgent, request } from 'undici';
import { z } from 'zod';
import type { Finding } from './finding.ts';
import type { Locked } from './locked.ts';

/** The most that it takes at once. */
const BATCH = 1000;
const TIMEOUT_MS = 30_000;
/** Of one package; more is no answer that can be believed. */
const PAGES_MAX = 20;

const answers = z.object({
  results: z.array(z.object({ vulns: z.array(z.object({ id: z.string() })).optional(), next_page_token: z.string().optional() })),
});

interface Query {
  readonly package: { readonly ecosystem: 'npm'; readonly name: string };
  readonly version: string;
  readonly page_token?: string;
}

/** Throws when it cannot be asked, or answers something else. */
export const askOsv = async (url: string, packages: readonly Locked[]): Promise<readonly Finding[]> => {
  const found: Finding[] = [];
  const dispatcher = new EnvHttpProxyAgent({ bodyTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS });
  try {
    let open = packages.map((locked) => ({ locked, page: '' }));
    for (let round = 0; open.length > 0; round += 1) {
      if (round === PAGES_MAX) throw new Error(`OSV has more than ${PAGES_MAX} pages for ${open[0]!.locked.name}.`);
      const further: typeof open = [];
      for (let at = 0; at < open.length; at += BATCH) {
        const asked = open.slice(at, at + BATCH);
        const results = await post(url, asked.map(queryOf), dispatcher);
        asked.forEach(({ locked }, index) => {
          const { vulns = [], next_page_token: page = '' } = results[index]!;
          for (const { id } of vulns) found.push({ ...locked, id });
          if (page !== '') further.push({ locked, page });
        });
      }
      open = further;
    }
  } finally {
    await dispatcher.close();
  }
  return found;
};

const queryOf = ({ locked: { name, version }, page }: { readonly locked: Locked; readonly page: string }): Query => ({
  package: { ecosystem: 'npm', name },
  version,
  ...(page !== '' && { page_token: page }),
});

const post = async (url: string, queries: readonly Query[], dispatcher: EnvHttpProxyAgent) => {
  const { statusCode, body } = await request(`${url}/v1/querybatch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ queries }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    dispatcher,
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`It answered ${statusCode} to POST /v1/querybatch; 200 was expected.`);
  const { results } = answers.parse(JSON.parse(text));
  if (results.length !== queries.length) throw new Error(`It answered ${results.length} results to ${queries.length} questions.`);
  return results;
};

// Searx as Debian ships it (Python, Flask): a search page, here over a small database of its own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { WebApplication } from './web-application.ts';

const SHARED = '/usr/share/python3-searx';

export interface Indexed {
  readonly title: string;
  readonly url: string;
  readonly content: string;
}

/** `internalUrl` is its setting `server.base_url`. */
export const startSearx = async (internalUrl: string, pages: readonly Indexed[]): Promise<WebApplication> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-searx-'));
  const database = join(folder, 'pages.db');
  const settings = join(folder, 'settings.yml');
  execFileSync('python3', ['-c', FILL, database], { input: JSON.stringify(pages) });
  writeFileSync(settings, JSON.stringify(settingsOf(internalUrl, database)));

  const server = startChild('searx-run', [], { cwd: folder, env: { ...process.env, SEARX_SETTINGS_PATH: settings } });
  const [, url] = await server.seen(/Running on (http:\/\/127\.0\.0\.1:\d+)/);

  return {
    url: `${url}/`,
    dispose: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const FILL = `
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute('CREATE TABLE pages (title TEXT, url TEXT, content TEXT)')
database.executemany('INSERT INTO pages VALUES (:title, :url, :content)', json.load(sys.stdin))
database.commit()
`;

/** YAML is a superset of JSON. It has no defaults of its own. */
const settingsOf = (internalUrl: string, database: string) => ({
  general: { debug: false, instance_name: 'Search', contact_url: false, enable_stats: false },
  brand: Object.fromEntries(
    ['git_url', 'git_branch', 'issue_url', 'docs_url', 'public_instances', 'wiki_url', 'twitter_url'].map((name) => [name, '']),
  ),
  search: {
    safe_search: 0,
    autocomplete: '',
    default_lang: '',
    ban_time_on_fail: 5,
    max_ban_time_on_fail: 120,
    prefer_configured_language: false,
  },
  server: {
    port: 0,
    bind_address: '127.0.0.1',
    secret_key: 'of a test',
    base_url: internalUrl,
    image_proxy: false,
    http_protocol_version: '1.1',
    method: 'POST',
    default_http_headers: {},
  },
  ui: {
    autofocus: true,
    archive_today: false,
    static_path: join(SHARED, 'static'),
    templates_path: join(SHARED, 'templates'),
    default_theme: 'oscar',
    default_locale: 'en',
    theme_args: { oscar_style: 'logicodev' },
  },
  outgoing: { request_timeout: 2.0, useragent_suffix: '', pool_connections: 1, pool_maxsize: 1 },
  engines: [
    {
      name: 'pages',
      engine: 'sqlite',
      shortcut: 'p',
      categories: 'general',
      database,
      query_str: "SELECT title, url, content FROM pages WHERE content LIKE '%' || :query || '%'",
      result_template: 'default.html',
    },
  ],
  locales: { en: 'English', de: 'Deutsch' },
  doi_resolvers: { 'doi.org': 'https://doi.org/' },
  default_doi_resolver: 'doi.org',
});

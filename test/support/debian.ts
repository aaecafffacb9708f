// What the tests need from Debian: installed by themselves where we are root, else named exactly.
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian package → a file that shows that it is there. */
const NEEDED: Readonly<Record<string, string>> = {
  chromium: '/usr/bin/chromium',
  'php-cli': '/usr/bin/php',
  'php-gd': '/usr/share/php8.2-gd',
  'php-xml': '/usr/share/php8.2-xml',
  dokuwiki: '/usr/share/dokuwiki/doku.php',
  'php-cgi': '/usr/bin/php-cgi',
  shaarli: '/usr/share/shaarli/index.php',
  'fonts-fork-awesome': '/usr/share/fonts-fork-awesome/fonts/forkawesome-webfont.woff2',
  searx: '/usr/bin/searx-run',
  'samba-ad-dc': '/usr/sbin/samba',
  'samba-ad-provision': '/usr/share/samba/setup/provision.ldif',
  'apache2-bin': '/usr/sbin/apache2',
  'libapache2-mod-auth-gssapi': '/usr/lib/apache2/modules/mod_auth_gssapi.so',
  'libapache2-mod-auth-mellon': '/usr/lib/apache2/modules/mod_auth_mellon.so',
  faketime: '/usr/bin/faketime',
  'python3-jwt': '/usr/lib/python3/dist-packages/jwt/__init__.py',
  'python3-cryptography': '/usr/lib/python3/dist-packages/cryptography/__init__.py',
  ruby: '/usr/bin/ruby',
  'ruby-jwt': '/usr/share/rubygems-integration/all/gems/jwt-2.5.0/lib/jwt.rb',
  'libcrypt-jwt-perl': '/usr/share/perl5/Crypt/JWT.pm',
  'openjdk-17-jdk-headless': '/usr/bin/javac',
  'libgoogle-gson-java': '/usr/share/java/gson.jar',
  'liblemonldap-ng-portal-perl': '/usr/share/perl5/Lemonldap/NG/Portal.pm',
  'liblasso-perl': '/usr/share/doc/liblasso-perl',
  openssl: '/usr/bin/openssl',
  'libxml-simple-perl': '/usr/share/perl5/XML/Simple.pm',
  'libstring-random-perl': '/usr/share/perl5/String/Random.pm',
  starman: '/usr/bin/starman',
  'jupyter-notebook': '/usr/bin/jupyter-notebook',
  novnc: '/usr/share/novnc/vnc.html',
  websockify: '/usr/bin/websockify',
  'tigervnc-standalone-server': '/usr/bin/Xtigervnc',
  xterm: '/usr/bin/xterm',
  'python3-ipykernel': '/usr/lib/python3/dist-packages/ipykernel/__init__.py',
};

const missing = (): string[] => Object.keys(NEEDED).filter((name) => !existsSync(NEEDED[name]!));

/** Throws, naming the packages, when some are missing and cannot be installed. */
export const installDebianPackages = (): void => {
  const wanted = missing();
  if (wanted.length === 0) return;

  const command = `apt-get install -y --no-install-recommends ${wanted.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`The tests need these Debian packages: ${wanted.join(', ')}. As root: apt-get update && ${command}`);
  }
  console.log(`Installing what the tests need: ${wanted.join(', ')}`);
  const options: SpawnSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', command.split(' ').slice(1), options);

  const left = missing();
  if (left.length > 0) throw new Error(`apt-get could not install ${left.join(', ')}. Try: apt-get update && ${command}`);
};

// What the tests run that Debian ships.
import { existsSync } from 'node:fs';
import type { Missing } from '../runner/packages.ts';

/** By package: a file that shows that it is there. */
type Packages = Readonly<Record<string, string>>;

const PHP: Packages = { 'php-cli': '/usr/bin/php' };
/** For applications in PHP: what they can do without, but not without us noticing; and a PHP for servers that brings no Apache along. */
const PHP_APPLICATIONS: Packages = { ...PHP, 'php-cgi': '/usr/bin/php-cgi', 'php-gd': '/usr/share/php8.2-gd' };
const APACHE: Packages = { 'apache2-bin': '/usr/sbin/apache2' };

const OPENSSL: Packages = { openssl: '/usr/bin/openssl' };

/** By the file of the tests that runs them. */
export const NEEDED: Readonly<Record<string, Packages>> = {
  'connector/testing/serve-tls.ts': OPENSSL,
  'connector/origin-connection.test.ts': OPENSSL,
  'connector/unsent.test.ts': OPENSSL,
  'test/support/browser.ts': { chromium: '/usr/bin/chromium' },
  'test/support/dokuwiki.ts': { ...PHP_APPLICATIONS, 'php-xml': '/usr/share/php8.2-xml', dokuwiki: '/usr/share/dokuwiki/doku.php' },
  'test/support/shaarli.ts': {
    ...PHP_APPLICATIONS,
    shaarli: '/usr/share/shaarli/index.php',
    'fonts-fork-awesome': '/usr/share/fonts-fork-awesome/fonts/forkawesome-webfont.woff2',
  },
  'test/support/tomcat.ts': {
    'tomcat10-common': '/usr/share/tomcat10/bin/bootstrap.jar',
    'openjdk-17-jre-headless': '/usr/bin/java',
  },
  'test/support/searx.ts': { searx: '/usr/bin/searx-run' },
  'test/support/active-directory/domain.ts': {
    'samba-ad-dc': '/usr/sbin/samba',
    'samba-ad-provision': '/usr/share/samba/setup/provision.ldif',
  },
  'test/support/apache.ts': { ...APACHE, 'libapache2-mod-auth-gssapi': '/usr/lib/apache2/modules/mod_auth_gssapi.so' },
  'test/support/basic-apache.ts': { ...APACHE, ...PHP },
  'test/support/mellon.ts': { ...APACHE, 'libapache2-mod-auth-mellon': '/usr/lib/apache2/modules/mod_auth_mellon.so' },
  'test/support/faketime.ts': { faketime: '/usr/bin/faketime' },
  // What compiles the native part of AWS's runtime client.
  'test/contract/lambda-runtime.test.ts': {
    cmake: '/usr/bin/cmake',
    'g++': '/usr/bin/g++',
    make: '/usr/bin/make',
    python3: '/usr/bin/python3',
    'xz-utils': '/usr/bin/xz',
  },
  'test/contract/verifiers.test.ts': {
    ...PHP,
    'python3-jwt': '/usr/lib/python3/dist-packages/jwt/__init__.py',
    'python3-cryptography': '/usr/lib/python3/dist-packages/cryptography/__init__.py',
    ruby: '/usr/bin/ruby',
    'ruby-jwt': '/usr/share/rubygems-integration/all/gems/jwt-2.5.0/lib/jwt.rb',
    'libcrypt-jwt-perl': '/usr/share/perl5/Crypt/JWT.pm',
    'openjdk-17-jdk-headless': '/usr/bin/javac',
    'libgoogle-gson-java': '/usr/share/java/gson.jar',
  },
  'test/support/lemonldap.ts': {
    'liblemonldap-ng-portal-perl': '/usr/share/perl5/Lemonldap/NG/Portal.pm',
    'liblasso-perl': '/usr/share/doc/liblasso-perl',
    'libxml-simple-perl': '/usr/share/perl5/XML/Simple.pm',
    'libstring-random-perl': '/usr/share/perl5/String/Random.pm',
    // Its issuers load it, and its package only recommends it.
    'libio-string-perl': '/usr/share/perl5/IO/String.pm',
    ...OPENSSL,
    starman: '/usr/bin/starman',
  },
  'test/support/jupyter.ts': {
    'jupyter-notebook': '/usr/bin/jupyter-notebook',
    'python3-ipykernel': '/usr/lib/python3/dist-packages/ipykernel/__init__.py',
  },
  'test/support/desktop.ts': {
    novnc: '/usr/share/novnc/vnc.html',
    websockify: '/usr/bin/websockify',
    'tigervnc-standalone-server': '/usr/bin/Xtigervnc',
    'python3-tk': '/usr/lib/python3.11/tkinter/__init__.py',
  },
};

/** What is not here, by the file that runs it. */
export const missingPackages = (): readonly Missing[] =>
  Object.entries(NEEDED)
    .map(([user, packages]) => ({ user, packages: Object.keys(packages).filter((name) => !existsSync(packages[name]!)) }))
    .filter(({ packages }) => packages.length > 0);

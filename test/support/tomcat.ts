// Tomcat as Debian ships it, with one page for every path: it says as what Tomcat read it. Told to take encoded slashes and backslashes for
// plain ones, which is the laxest that it can be.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { WebApplication } from './web-application.ts';

const HOME = '/usr/share/tomcat10';

const FILES: Readonly<Record<string, string>> = {
  'conf/server.xml': `<Server port="-1"><Service name="Catalina">
    <Connector port="0" address="127.0.0.1" URIEncoding="ISO-8859-1" allowBackslash="true" encodedSolidusHandling="decode"
      encodedReverseSolidusHandling="decode" maxKeepAliveRequests="-1" />
    <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" /></Engine>
  </Service></Server>`,
  // Looking through every archive for tag libraries takes longer than all else.
  'conf/context.xml': '<Context><JarScanner scanClassPath="false" /></Context>',
  'webapps/ROOT/WEB-INF/web.xml': `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
    <servlet><servlet-name>read</servlet-name><jsp-file>/read.jsp</jsp-file></servlet>
    <servlet-mapping><servlet-name>read</servlet-name><url-pattern>/*</url-pattern></servlet-mapping>
  </web-app>`,
  'webapps/ROOT/read.jsp':
    '<%@ page session="false" contentType="text/plain;charset=ISO-8859-1" trimDirectiveWhitespaces="true" %><%= request.getServletPath() + (request.getPathInfo() == null ? "" : request.getPathInfo()) %>',
};

export const startTomcat = async (): Promise<WebApplication> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tomcat-'));
  for (const place of ['conf', 'logs', 'temp', 'work', 'webapps/ROOT/WEB-INF']) mkdirSync(join(folder, place), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const classes = ['bootstrap.jar', 'tomcat-juli.jar'].map((name) => join(HOME, 'bin', name)).join(':');
  const places = [`-Dcatalina.home=${HOME}`, `-Dcatalina.base=${folder}`, `-Djava.io.tmpdir=${join(folder, 'temp')}`];
  const server = startChild('java', ['-Xmx128m', '-cp', classes, ...places, 'org.apache.catalina.startup.Bootstrap', 'start']);
  const [, port] = await server.seen(/Starting ProtocolHandler \["http-nio-127\.0\.0\.1-auto-1-(\d+)"\]/, 120_000);

  return {
    url: `http://127.0.0.1:${port}/`,
    dispose: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

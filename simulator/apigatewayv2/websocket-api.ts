// A running WebSocket API: its connections, the way of a message through its routes, and what is sent to a client.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { GatewayContext } from '../apigateway/context.ts';
import { newConnectionId } from '../apigateway/ids.ts';
import { own } from '../apigateway/properties.ts';
import { type Arrival, readRequest } from '../apigateway/request.ts';
import { acceptConnection, whetherGone } from './accept-connection.ts';
import { type Api, type Definition, deployed, type Route } from './api.ts';
import { Connection } from './connection.ts';
import { createDelivery, type Deliver } from './delivery.ts';
import { disconnectEvent } from './events/disconnect-event.ts';
import { messageEvent } from './events/message-event.ts';
import type { ConnectionFacts } from './events/request-context.ts';
import { HandshakeRefusal, refuse } from './handshake.ts';
import { selectRouteKey } from './route-selection.ts';
import { failureMessage, runIntegration } from './websocket-integration.ts';

interface Entry {
  readonly connection: Connection;
  readonly deliverIn: Deliver;
  readonly deliverOut: Deliver;
}

const MINUTE_MS = 60_000;

export class WebSocketApi {
  readonly api: Api;
  readonly #context: GatewayContext;
  readonly #entries = new Map<string, Entry>();
  /** Those whose clients may still hold a socket although the API has forgotten them. */
  readonly #sockets = new Set<Connection>();
  readonly #server: WebSocketServer;
  readonly #subprotocols = new WeakMap<IncomingMessage, string>();

  constructor(context: GatewayContext, api: Api) {
    const { messageBytes, frameBytes, answerPings } = context.quotas.apigatewayv2;
    this.#context = context;
    this.api = api;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Unverified on AWS: whether it speaks permessage-deflate. Refused, which every client must bear.
      perMessageDeflate: false,
      autoPong: answerPings !== 0,
      // The quotas are watched frame by frame; this bounds what is held until the client has read of its end.
      maxPayload: messageBytes + frameBytes,
      handleProtocols: () => false,
    });
    this.#server.on('headers', (headers, message) => {
      const subprotocol = this.#subprotocols.get(message);
      if (subprotocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
    });
  }

  get connections(): readonly Connection[] {
    return [...this.#entries.values()].map(({ connection }) => connection);
  }

  find(connectionId: string, stage: string): Connection | undefined {
    const connection = this.#entries.get(connectionId)?.connection;
    return connection?.facts.stage === stage ? connection : undefined;
  }

  async upgrade(message: IncomingMessage, socket: Duplex, head: Buffer, arrival: Arrival): Promise<void> {
    const request = readRequest(message, arrival, this.#context.clock);
    const connectionId = newConnectionId();
    const client = whetherGone(socket);
    try {
      const { facts, subprotocol } = await acceptConnection(this.#context, this.api, connectionId, request, message);
      if (client.gone) return this.#disconnected(facts, 1006, '');
      if (subprotocol !== undefined) this.#subprotocols.set(message, subprotocol);
      this.#server.handleUpgrade(message, socket, head, (webSocket) => {
        const { clock, quotas } = this.#context;
        const connection: Connection = new Connection({
          facts,
          socket,
          webSocket,
          clock,
          quotas: quotas.apigatewayv2,
          onMessage: (text) => this.#received(connection, text),
          onEnd: (code, reason) => this.#disconnected(facts, code, reason),
        });
        const entry = { connection, deliverIn: createDelivery(this.#context), deliverOut: createDelivery(this.#context) };
        this.#entries.set(connectionId, entry);
        this.#sockets.add(connection);
        socket.once('close', () => this.#sockets.delete(connection));
      });
    } catch (error) {
      if (!(error instanceof HandshakeRefusal)) this.#context.log.error('websocket.connect.broken', { api: this.api.logicalId, error });
      refuse(socket, error instanceof HandshakeRefusal ? error : new HandshakeRefusal(500, 'Internal server error'), connectionId, request);
    }
  }

  /** Sends to a client what a route or a post has for it, as the faults of now have it. */
  send(connection: Connection, message: string | Buffer, route: string): void {
    const bytes = Buffer.from(message);
    this.#count('out', bytes.length, route);
    this.#entries.get(connection.facts.connectionId)?.deliverOut(() => connection.send(bytes));
  }

  dispose(): void {
    this.#entries.clear();
    for (const connection of this.#sockets) connection.dispose();
    this.#sockets.clear();
  }

  #received(connection: Connection, text: string): void {
    const entry = this.#entries.get(connection.facts.connectionId);
    // Messages of one connection do not wait for each other: their order is not promised.
    entry?.deliverIn(() => {
      void this.#route(connection, text);
    });
  }

  async #route(connection: Connection, text: string): Promise<void> {
    const { facts } = connection;
    const { clock, log } = this.#context;
    const definition = this.#definition(facts);
    const route = selectRoute(definition, selectRouteKey(this.api.routeSelectionExpression, text));
    this.#count('in', Buffer.byteLength(text), route?.key ?? '(none)');
    const event = messageEvent(facts, route?.key ?? '$default', text, clock.now());
    const { connectionId, requestId } = event.requestContext;
    const complain = (message: string) => this.send(connection, JSON.stringify({ message, connectionId, requestId }), '(error)');
    const integration = own(definition.integrations, route?.integrationId ?? '');
    if (!route || !integration) return complain('Forbidden');
    try {
      const { status, payload } = await runIntegration(this.#context, {
        apiId: facts.apiId,
        stage: facts.stage,
        routeKey: route.key,
        integration,
        event,
      });
      if (!route.hasResponse) return;
      if (status === undefined) complain('Internal server error');
      else if (payload !== undefined) this.send(connection, payload, route.key);
    } catch (error) {
      log.error('websocket.route.failed', { api: this.api.logicalId, route: route.key, connectionId, error });
      complain(failureMessage(error));
    }
  }

  #disconnected(facts: ConnectionFacts, code: number, reason: string): void {
    const { clock, meter, faults, random, log } = this.#context;
    this.#entries.delete(facts.connectionId);
    meter.add('websocket-connection-minutes', Math.ceil((clock.now() - facts.connectedAt) / MINUTE_MS), { api: this.api.logicalId });
    const definition = this.#definition(facts);
    const route = Object.values(definition.routes).find(({ key }) => key === '$disconnect');
    const integration = own(definition.integrations, route?.integrationId ?? '');
    // Best effort on AWS: as easily lost as a message.
    if (!integration || random() < faults.drop) return;
    const event = disconnectEvent(facts, code, reason, clock.now());
    runIntegration(this.#context, { apiId: facts.apiId, stage: facts.stage, routeKey: '$disconnect', integration, event }).catch(
      (error: unknown) => log.error('websocket.disconnect.failed', { api: this.api.logicalId, connectionId: facts.connectionId, error }),
    );
  }

  #definition({ stage }: ConnectionFacts): Definition {
    return deployed(this.api, own(this.api.stages, stage) ?? { name: stage, deploymentId: '' });
  }

  #count(direction: 'in' | 'out', bytes: number, route: string): void {
    const { meter, quotas } = this.#context;
    const units = Math.max(1, Math.ceil(bytes / quotas.apigatewayv2.frameBytes));
    meter.add('websocket-messages', units, { api: this.api.logicalId, direction, route });
  }
}

/** The route with exactly this key, else `$default`. Keys that begin with `$` cannot be asked for by a message. */
const selectRoute = ({ routes }: Definition, key: string): Route | undefined => {
  const all = Object.values(routes);
  return (key.startsWith('$') ? undefined : all.find((route) => route.key === key)) ?? all.find((route) => route.key === '$default');
};

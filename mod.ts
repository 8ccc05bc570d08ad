/**
 * A WebSocket server you can see into. It speaks RFC 6455 over `Deno.listen`, keeps every connection
 * in a registry keyed by its TCP 4-tuple, and tells what each one costs.
 *
 * @example
 * ```ts
 * import { serve } from "@fourtuple/fourtuple";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({
 *   port: 0,
 *   open: (connection) => connection.send(`you are ${connection.key}`),
 *   message: (connection, data) => connection.send(data),
 * });
 *
 * const socket = new WebSocket(server.url);
 * const { data } = await new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
 * const [connection] = server.registry.list();
 * assertEquals(data, `you are ${connection?.key}`);
 *
 * socket.close();
 * await new Promise((resolve) => socket.onclose = resolve);
 * ```
 *
 * @module
 */
export type { ClientConnection, ClosedStatus } from "./client/client_connection.ts";
export { connect, type ConnectOptions } from "./client/connect.ts";
export { ConnectError, type RefusedHandshake } from "./client/connect_error.ts";
export { connectSocket } from "./client/connect_socket.ts";
export { CloseCode } from "./protocol/close_code.ts";
export type { CloseStatus } from "./protocol/close_payload.ts";
export type { HeadLimits, MessageLimits } from "./protocol/limits.ts";
export type { Message } from "./protocol/message_assembler.ts";
export type { Opcode } from "./protocol/opcode.ts";
export type { Side } from "./protocol/session.ts";
export type { Cluster, ClusterListOptions } from "./server/cluster/cluster.ts";
export { type ClusterOptions, serveCluster } from "./server/cluster/serve_cluster.ts";
export type { Closing, Connection } from "./server/connection/connection.ts";
export type { ConnectionRecord } from "./server/connection/connection_record.ts";
export type { DeflateOptions } from "./server/connection/deflate/options.ts";
export type { Handlers } from "./server/connection/handlers.ts";
export type { IncomingStream } from "./server/connection/incoming_streams.ts";
export type {
  MessageData,
  OutgoingStream,
  StreamOptions,
} from "./server/connection/message_data.ts";
export type { SendResult } from "./server/connection/send_queue.ts";
export type { PeerInfo } from "./server/http/proxy/client_identity.ts";
export type { ForwardedHeader } from "./server/http/proxy/forwarded.ts";
export type { ProxyOptions } from "./server/http/proxy/proxies.ts";
export type {
  FetchInfo,
  HandshakeOptions,
  Upgrade,
  UpgradeDecision,
} from "./server/http/request_hooks.ts";
export { DEFAULT_LIMITS, type LimitChanges, type Limits, type WhenFull } from "./server/limits.ts";
export type { LogEntry } from "./server/log.ts";
export type { ClientAddress } from "./server/net/client_address.ts";
export { formatFourTuple, type FourTuple, parseFourTuple } from "./server/net/four_tuple.ts";
export type { DrainOptions, DrainResult } from "./server/operations/drain.ts";
export type { BroadcastOptions, ServeOptions, Server } from "./server/options.ts";
export type {
  ConnectionDescription,
  ConnectionRegistry,
  ListOptions,
  Totals,
} from "./server/registry.ts";
export { serve } from "./server/server.ts";
export type { Backplane, PublishResult } from "./server/topics/backplane.ts";

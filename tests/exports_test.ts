import { assertEquals } from "@std/assert";
import * as library from "../mod.ts";
import * as protocol from "../protocol/mod.ts";

// What users can import. A change here is a change of the API: it belongs into the changelog.

const LIBRARY_VALUES = [
  "CloseCode",
  "ConnectError",
  "DEFAULT_LIMITS",
  "connect",
  "connectSocket",
  "formatFourTuple",
  "parseFourTuple",
  "serve",
  "serveCluster",
];

const LIBRARY_TYPES = [
  "Backplane",
  "BroadcastOptions",
  "ClientAddress",
  "ClientConnection",
  "CloseStatus",
  "ClosedStatus",
  "Closing",
  "Cluster",
  "ClusterListOptions",
  "ClusterOptions",
  "ConnectOptions",
  "Connection",
  "ConnectionDescription",
  "ConnectionRecord",
  "ConnectionRegistry",
  "DeflateOptions",
  "DrainOptions",
  "DrainResult",
  "FetchInfo",
  "ForwardedHeader",
  "FourTuple",
  "Handlers",
  "HandshakeOptions",
  "HeadLimits",
  "IncomingStream",
  "LimitChanges",
  "Limits",
  "ListOptions",
  "LogEntry",
  "Message",
  "MessageData",
  "MessageLimits",
  "Opcode",
  "OutgoingStream",
  "PeerInfo",
  "ProxyOptions",
  "PublishResult",
  "RefusedHandshake",
  "SendResult",
  "ServeOptions",
  "Server",
  "Side",
  "StreamOptions",
  "Totals",
  "Upgrade",
  "UpgradeDecision",
  "WhenFull",
];

const OPS_TYPES = [
  "CapacityLimit",
  "CloseOrder",
  "CloseOutcome",
  "ClusterRecord",
  "ClusterReport",
  "ConnectionCounts",
  "ConnectionCursor",
  "ConnectionFilter",
  "ConnectionPage",
  "ConnectionQuery",
  "ConnectionSort",
  "DescriptorLimits",
  "DescriptorPage",
  "DescriptorQuery",
  "DescriptorRow",
  "Distribution",
  "DrainProgress",
  "FrameCount",
  "FrameName",
  "HostDescription",
  "HostLimits",
  "KernelSocket",
  "LoopDelay",
  "Measured",
  "OperatedConnection",
  "OperatedDescription",
  "Operations",
  "Phase",
  "PingOutcome",
  "ProcessSnapshot",
  "Reconfiguration",
  "Report",
  "Snapshot",
  "SocketRow",
  "SummedReport",
  "TapEvent",
  "TapOptions",
  "TappedFrame",
  "TcpSockets",
  "TcpState",
  "WorkerInfo",
  "WorkerReport",
];

const PROTOCOL_VALUES = [
  "BodyDecoder",
  "CHUNK_END",
  "CloseCode",
  "DEFAULT_BODY_LIMITS",
  "DEFAULT_HEAD_LIMITS",
  "DEFAULT_MESSAGE_LIMITS",
  "Endpoint",
  "FRAME_NAMES",
  "FrameDecoder",
  "FrameDecoderStream",
  "HANDSHAKE_ERRORS",
  "HandshakeError",
  "HeadFields",
  "HeadParser",
  "LAST_CHUNK",
  "MAX_REASON_BYTES",
  "MessageAssembler",
  "Opcode",
  "PERMESSAGE_DEFLATE",
  "PROTOCOL_ERRORS",
  "ProtocolError",
  "RequestHeadParser",
  "ResponseHeadParser",
  "Session",
  "Utf8Validator",
  "applyMask",
  "bodyFraming",
  "checkDeflateAnswer",
  "checkMethod",
  "checkUpgradeRequest",
  "checkUpgradeResponse",
  "chooseSubprotocol",
  "chunkHead",
  "computeAccept",
  "deflateDirection",
  "deflateNegotiator",
  "deflateOffer",
  "deflateParameters",
  "encodeFrame",
  "expectsContinue",
  "frameName",
  "hasBody",
  "headerLength",
  "isControl",
  "isHost",
  "isOnWire",
  "isToken",
  "isUpgradeRequest",
  "keepsAlive",
  "maxTextFrameLength",
  "negotiateExtensions",
  "parseClosePayload",
  "parseExtensions",
  "payloadBytes",
  "requestUrl",
  "responseFraming",
  "serializeClosePayload",
  "serializeExtensions",
  "serializeRequestHead",
  "serializeResponseHead",
  "serializeUpgradeRequest",
  "serializeUpgradeResponse",
  "splitTarget",
  "writeFrame",
  "writeHeader",
  "writeTextFrame",
];

const PROTOCOL_TYPES = [
  "AcceptedUpgrade",
  "BodyFraming",
  "BodyLimits",
  "ClientHandshake",
  "CloseStatus",
  "DeflateDirection",
  "DeflateParameters",
  "DeflatePolicy",
  "EndpointOptions",
  "Extension",
  "ExtensionNegotiator",
  "ExtensionParameter",
  "Fragment",
  "FragmentSink",
  "FrameDecoderOptions",
  "FrameName",
  "FrameOptions",
  "HandshakeErrorCode",
  "HeadLimits",
  "HeaderPairs",
  "Message",
  "MessageLimits",
  "ProtocolErrorCode",
  "RequestHead",
  "RequestTarget",
  "ResponseFraming",
  "ResponseHead",
  "Role",
  "SessionOutput",
  "SessionState",
  "Side",
  "StartLineRules",
  "UpgradeExpectations",
  "UpgradeRequest",
  "UpgradeResponse",
];

/** Lists the names that an entry point documents, types as well as values. */
async function documentedNames(entry: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", entry],
    cwd: new URL("../", import.meta.url),
  }).output();
  assertEquals(success, true);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const files: { symbols: { name: string }[] }[] = Object.values(nodes);
  return files.flatMap(({ symbols }) => symbols.map(({ name }) => name)).sort();
}

Deno.test("mod.ts exports these values and no others", () => {
  assertEquals(Object.keys(library).sort(), LIBRARY_VALUES);
});

Deno.test("mod.ts exports these types and no others", async () => {
  const names = await documentedNames("mod.ts");
  assertEquals(names.filter((name) => !(name in library)), LIBRARY_TYPES);
});

Deno.test("server/ops.ts exports these types and no others", async () => {
  assertEquals(await documentedNames("server/ops.ts"), OPS_TYPES);
});

Deno.test("protocol/mod.ts exports these values and no others", () => {
  assertEquals(Object.keys(protocol).sort(), PROTOCOL_VALUES);
});

Deno.test("protocol/mod.ts exports these types and no others", async () => {
  const names = await documentedNames("protocol/mod.ts");
  assertEquals(names.filter((name) => !(name in protocol)), PROTOCOL_TYPES);
});

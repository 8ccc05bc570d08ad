import type { FuzzTarget } from "./target.ts";
import { addressRange } from "./targets/address_range.ts";
import { admin } from "./targets/admin.ts";
import { closePayload } from "./targets/close_payload.ts";
import { decodeInput } from "./targets/decode_input.ts";
import { deflate, inflate } from "./targets/deflate.ts";
import { deflateAnswer, deflateOffers } from "./targets/extensions.ts";
import { forwarded, xForwardedFor } from "./targets/forwarded.ts";
import { fourTuple } from "./targets/four_tuple.ts";
import { framesToClient, framesToServer } from "./targets/frames.ts";
import { handshakeRequest, handshakeResponse } from "./targets/handshake.ts";
import { proxyHeader } from "./targets/proxy_header.ts";
import { requestBody } from "./targets/request_body.ts";
import { requestHead } from "./targets/request_head.ts";
import { responseHead } from "./targets/response_head.ts";
import { sessionAsClient, sessionAsServer } from "./targets/session.ts";
import { settingsFile } from "./targets/settings_file.ts";
import { shownText } from "./targets/shown_text.ts";
import { socketRows } from "./targets/socket_rows.ts";
import { talkImage, talkSlice, talkText } from "./targets/talk_messages.ts";
import { utf8 } from "./targets/utf8.ts";

/** Everything that reads what others have written, in the order in which a connection meets it. */
export const TARGETS: readonly FuzzTarget[] = [
  proxyHeader,
  requestHead,
  requestBody,
  xForwardedFor,
  forwarded,
  handshakeRequest,
  deflateOffers,
  framesToServer,
  inflate,
  deflate,
  sessionAsServer,
  utf8,
  closePayload,
  talkText,
  talkImage,
  talkSlice,
  responseHead,
  handshakeResponse,
  deflateAnswer,
  framesToClient,
  sessionAsClient,
  shownText,
  admin,
  fourTuple,
  addressRange,
  settingsFile,
  decodeInput,
  socketRows,
];

import type { HeadFields } from "../../../protocol/mod.ts";
import type { ClientAddress } from "../../net/client_address.ts";
import { formatFourTuple, type FourTuple, fourTupleOf } from "../../net/four_tuple.ts";
import { findClient, FORWARDED_HEADERS } from "./forwarded.ts";
import type { Proxies } from "./proxies.ts";

/** The sender of a request. */
export interface PeerInfo {
  /** The 4-tuple as text: the key that the connection will have in the registry. */
  readonly key: string;
  /** The TCP 4-tuple: the peer is the source. */
  readonly tuple: FourTuple;
  /**
   * The client's own address where a trusted proxy has told it, otherwise that of the socket's
   * peer.
   */
  readonly remoteAddress: string;
  /**
   * The client's own address, where a trusted proxy has told it; absent where it is the socket's.
   */
  readonly client?: ClientAddress;
}

/**
 * The other end of a connection: the socket's peer, and where that is a trusted proxy, the
 * client that it tells in a PROXY header, in its request, or not at all.
 */
export class ClientIdentity {
  readonly #proxies: Proxies | undefined;
  #info: PeerInfo;
  #address: string | undefined = undefined;
  /** Whether the sender of the request is a trusted proxy. */
  #isProxy: boolean;
  #isToBeAnnounced: boolean;

  /**
   * @param conn The accepted connection, or its two addresses.
   * @param proxies The trusted proxies; none where it is absent.
   */
  constructor(
    conn: { remoteAddr: Deno.NetAddr; localAddr: Deno.NetAddr },
    proxies: Proxies | undefined,
  ) {
    this.#proxies = proxies;
    const tuple = fourTupleOf(conn);
    this.#info = {
      key: formatFourTuple(tuple),
      tuple,
      remoteAddress: tuple.sourceAddress,
    };
    this.#isProxy = proxies !== undefined && proxies.trusts(tuple.sourceAddress);
    this.#isToBeAnnounced = this.#isProxy && proxies!.protocol;
    if (!this.#isProxy) this.#address = tuple.sourceAddress;
  }

  /** The socket's 4-tuple, and the client as far as it is known. */
  get info(): PeerInfo {
    return this.#info;
  }

  /** The client's address; `undefined` as long as a trusted proxy may still tell it. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Whether a PROXY header is still to come. */
  get isToBeAnnounced(): boolean {
    return this.#isToBeAnnounced;
  }

  /**
   * Takes over the PROXY header's client, where a header was to come.
   *
   * @param client The client; `undefined` where the header tells none.
   */
  announced(client: ClientAddress | undefined): void {
    const { trusts, header } = this.#proxies!;
    this.#isToBeAnnounced = false;
    this.#name(client);
    // It may be another trusted proxy, which tells the client in its request.
    this.#isProxy = trusts(this.knownAddress);
    if (!this.#isProxy || header === undefined) this.#address = this.knownAddress;
  }

  /**
   * Takes over the client that the request tells, where a trusted proxy sent it.
   *
   * @param headers The request's header fields.
   * @returns Whether anybody else told a client, which is ignored, or the fault in a
   * trusted proxy's header, which counts as far as it could be read.
   */
  requested(
    headers: HeadFields,
  ): { readonly spoofed: boolean; readonly fault?: string | undefined } {
    if (!this.#isProxy) return { spoofed: FORWARDED_HEADERS.some((name) => headers.has(name)) };
    const { trusts, header } = this.#proxies!;
    const value = header && headers.get(header);
    const found = value === undefined ? undefined : findClient(header!, value, trusts);
    this.#name(found?.client);
    this.#address = this.knownAddress;
    return { spoofed: false, fault: found?.fault };
  }

  /** The client's address as far as it is known: that of the socket, where no other was told. */
  get knownAddress(): string {
    return this.#info.remoteAddress;
  }

  #name(client: ClientAddress | undefined): void {
    if (client === undefined) return;
    this.#info = { ...this.#info, client, remoteAddress: client.address };
  }
}

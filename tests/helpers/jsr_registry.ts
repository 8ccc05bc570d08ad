/** One version of a package, as a registry of JSR's kind holds it. */
export interface JsrPackage {
  readonly version: string;
  /** The module behind each name, as in deno.json. */
  readonly exports: Readonly<Record<string, string>>;
  /** The bytes of its files by their paths, which begin with a slash. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const PUBLISH = new URLPattern({
  pathname: "/api/scopes/:scope/packages/:name/versions/:version",
});
const PACKAGE = new URLPattern({ pathname: "/api/scopes/:scope/packages/:name" });
const META = new URLPattern({ pathname: "/:scope(@[^/]+)/:name/meta.json" });
const VERSION_META = new URLPattern({
  pathname: "/:scope(@[^/]+)/:name/:version([^/]+)_meta.json",
});
const FILE = new URLPattern({ pathname: "/:scope(@[^/]+)/:name/:version/:path(.+)" });

/**
 * As much of a JSR registry as `deno publish` and the import of a `jsr:` specifier need, on the
 * loopback address: both go there when `JSR_URL` is its `url`.
 */
export class JsrRegistry {
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#answer(request),
  );

  /** What `JSR_URL` has to be. */
  readonly url = `http://127.0.0.1:${this.#server.addr.port}/`;

  /** @param packages What it holds, by names such as `@std/assert`; what is published joins it. */
  constructor(readonly packages: Map<string, JsrPackage>) {}

  /** Serves no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const publish = PUBLISH.exec(request.url)?.pathname.groups;
    if (publish !== undefined && request.method === "POST") {
      const { scope, name, version = "" } = publish;
      const files = await unpack(await request.bytes());
      const config = JSON.parse(new TextDecoder().decode(files.get("/deno.json")));
      this.packages.set(`@${scope}/${name}`, { version, exports: config.exports, files });
      return Response.json({ id: "1", status: "success" });
    }
    if (publish === undefined && PACKAGE.test(request.url)) return Response.json({});
    const served = await this.#serve(request.url);
    return served ?? Response.json({ code: "notFound", message: "Not here" }, { status: 404 });
  }

  async #serve(url: string): Promise<Response | undefined> {
    const match = META.exec(url) ?? VERSION_META.exec(url) ?? FILE.exec(url);
    const { scope, name, version, path } = match?.pathname.groups ?? {};
    const found = this.packages.get(`${scope}/${name}`);
    if (found === undefined) return undefined;
    if (version === undefined) {
      return Response.json({
        scope,
        name,
        latest: found.version,
        versions: { [found.version]: {} },
      });
    }
    if (version !== found.version) return undefined;
    if (path === undefined) {
      return Response.json({ manifest: await manifest(found.files), exports: found.exports });
    }
    const bytes = found.files.get(`/${path}`);
    return bytes && new Response(bytes, { headers: { "content-type": contentType(path) } });
  }
}

function contentType(path: string): string {
  if (path.endsWith(".ts")) return "text/typescript";
  return path.endsWith(".js") ? "text/javascript" : "application/octet-stream";
}

/** Lists the files with their sizes and checksums: what the consumer checks what it gets against. */
async function manifest(files: JsrPackage["files"]): Promise<Record<string, unknown>> {
  const entries = [...files].map(async ([path, bytes]) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [path, { size: bytes.length, checksum: `sha256-${digest.toHex()}` }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

const BLOCK = 512;

/** Unpacks the gzipped tar archive that `deno publish` sends. */
async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const archive = await new Response(stream).bytes();
  const text = (start: number, end: number) =>
    new TextDecoder().decode(archive.subarray(start, end)).split("\0", 1)[0] ?? "";
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  // A header block has the name in its first 100 bytes and the size, in octal digits, at 124.
  for (let at = 0; archive[at] !== 0 && at < archive.length;) {
    const size = parseInt(text(at + 124, at + 136), 8);
    files.set(`/${text(at, at + 100)}`, archive.slice(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

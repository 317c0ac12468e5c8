/** The page and the browser SDK, wherever this module runs: from source, embedded, or inside a `deno compile` binary. */
export const STATIC_ROOT: URL = new URL("../../static/", import.meta.url);

/** What is served; a file of another kind does not exist. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
};

export interface StaticFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** Pages whose address has no ending. */
const PAGES: ReadonlySet<string> = new Set(["/admin", "/doctor"]);

/**
 * Reads the file that a URL's path names below `root`; a path that ends with a slash names its index.html. Undefined where
 * there is none. The file is read each time, so that an edit shows on reload.
 */
export async function readStaticFile(root: URL, pathname: string): Promise<StaticFile | undefined> {
  const path = filePath(PAGES.has(pathname) ? `${pathname}.html` : pathname);
  if (path === undefined) return undefined;
  const contentType = CONTENT_TYPES[path.slice(path.lastIndexOf(".") + 1)];
  if (contentType === undefined) return undefined;
  try {
    return { body: await Deno.readFile(new URL(path, root)), contentType };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The relative path of a file, or undefined. Each segment, after decoding, begins with a letter, a digit, `_` or `-` and
 * goes on with these and dots: neither `..`, a hidden file, a backslash, a NUL nor a drive letter passes.
 */
function filePath(pathname: string): string | undefined {
  const decoded = decode(pathname);
  if (decoded === undefined || !decoded.startsWith("/")) return undefined;
  const path = decoded.endsWith("/") ? `${decoded.slice(1)}index.html` : decoded.slice(1);
  return path.split("/").every((segment) => /^[\w-][\w.-]*$/.test(segment)) ? path : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.IsADirectory;
}

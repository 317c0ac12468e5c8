import type { CertificatePem } from "../io/dtls/certificate_pem.ts";
import { type Config, SETTINGS } from "./config.ts";

export type DtlsFiles =
  | { readonly ok: true; readonly pem: CertificatePem | undefined }
  | { readonly ok: false; readonly message: string };

type Paths = Pick<Config, "dtlsCert" | "dtlsKey">;

const KEYS = { cert: "dtlsCert", key: "dtlsKey" } as const;

/** Reads the files that the settings name; a line for each that cannot be read. */
export function readDtlsFiles(
  config: Paths,
  readTextFile: (path: string) => string = Deno.readTextFileSync,
): DtlsFiles {
  const { dtlsCert, dtlsKey } = config;
  // A message must not repeat what is a key itself.
  const given = ([["cert", dtlsCert], ["key", dtlsKey]] as const).find(([, path]) => path?.includes("-----BEGIN"));
  if (given !== undefined) return { ok: false, message: `${flagOf(given[0])} takes the path of a file, not its text` };
  if (dtlsCert === undefined || dtlsKey === undefined) return { ok: true, pem: undefined };
  const problems: string[] = [];
  const read = (part: keyof CertificatePem, path: string): string => {
    try {
      return readTextFile(path);
    } catch (error) {
      problems.push(dtlsProblem(config, part, reasonOf(error, path)));
      return "";
    }
  };
  const pem = { cert: read("cert", dtlsCert), key: read("key", dtlsKey) };
  return problems.length === 0 ? { ok: true, pem } : { ok: false, message: problems.join("\n") };
}

/** A line that says what is wrong with one of the files. */
export function dtlsProblem(config: Paths, part: keyof CertificatePem, reason: string): string {
  return `${flagOf(part)}=${config[KEYS[part]]} is of no use: ${reason}`;
}

function flagOf(part: keyof CertificatePem): string {
  return SETTINGS.find(({ key }) => key === KEYS[part])?.flag ?? part;
}

function reasonOf(error: unknown, path: string): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) {
    return `Deno may not read it: put it into certs/, or add --allow-read=${path} to the command`;
  }
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not read it";
  return error instanceof Error ? error.message : String(error);
}

import type { CertificatePem } from "../io/dtls/certificate_pem.ts";
import { type Config, SETTINGS } from "./config_schema.ts";

export type CertificateFiles =
  | { readonly ok: true; readonly pem: CertificatePem | undefined }
  | { readonly ok: false; readonly message: string };

export type ReadTextFile = (path: string) => string;

/** The settings that name the files of one certificate. */
export interface FileSettings {
  readonly cert: "dtlsCert" | "tlsCert";
  readonly key: "dtlsKey" | "tlsKey";
}

export const DTLS_FILES: FileSettings = { cert: "dtlsCert", key: "dtlsKey" };
export const TLS_FILES: FileSettings = { cert: "tlsCert", key: "tlsKey" };

type Paths = Partial<Config>;

/** Reads the files that the settings name; a line for each that cannot be read. */
export function readCertificateFiles(
  config: Paths,
  settings: FileSettings,
  readTextFile: ReadTextFile = Deno.readTextFileSync,
): CertificateFiles {
  const cert = config[settings.cert];
  const key = config[settings.key];
  // A message must not repeat what is a key itself.
  const given = ([["cert", cert], ["key", key]] as const).find(([, path]) => path?.includes("-----BEGIN"));
  if (given !== undefined) {
    return { ok: false, message: `${flagOf(settings[given[0]])} takes the path of a file, not its text` };
  }
  if (cert === undefined || key === undefined) return { ok: true, pem: undefined };
  const problems: string[] = [];
  const read = (part: keyof CertificatePem, path: string): string => {
    try {
      return readTextFile(path);
    } catch (error) {
      problems.push(fileProblem(config, settings, part, reasonOf(error, path)));
      return "";
    }
  };
  const pem = { cert: read("cert", cert), key: read("key", key) };
  return problems.length === 0 ? { ok: true, pem } : { ok: false, message: problems.join("\n") };
}

/** A line that says what is wrong with one of the files. */
export function fileProblem(
  config: Paths,
  settings: FileSettings,
  part: keyof CertificatePem,
  reason: string,
): string {
  return `${flagOf(settings[part])}=${config[settings[part]]} is of no use: ${reason}`;
}

function flagOf(name: string): string {
  return SETTINGS.find(({ key }) => key === name)?.flag ?? name;
}

/** Why a file cannot be read, in words. */
export function reasonOf(error: unknown, path: string): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) {
    return `Deno may not read it: put it into certs/ or config/, or add --allow-read=${path} to the command`;
  }
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not read it";
  return error instanceof Error ? error.message : String(error);
}

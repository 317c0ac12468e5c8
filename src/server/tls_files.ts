import { getLogger } from "@logtape/logtape";
import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../io/clock.ts";
import { CertificateError, type CertificatePem } from "../io/dtls/certificate_pem.ts";
import { fileProblem, readCertificateFiles, type ReadTextFile, TLS_FILES } from "./certificate_files.ts";
import type { Config } from "./config_schema.ts";
import { readTlsCertificate, type TlsCertificate } from "./tls_certificate.ts";

const log = getLogger(["switchboard", "http"]);

/** Milliseconds between two looks at the files. */
const LOOK_MS = 5000;

type Paths = Pick<Config, "tlsCert" | "tlsKey">;

export interface TlsFilesOptions {
  readonly clock?: Clock;
  /** Unix time in ms. */
  readonly unixTime?: () => number;
  readonly readTextFile?: ReadTextFile;
}

export type TlsFilesResult =
  | { readonly ok: true; readonly files: TlsFiles }
  | { readonly ok: false; readonly message: string };

/**
 * The certificate of HTTPS, from files that are looked at again and again: what a file holds tells of a change, so one
 * that another file took the place of, or a symbolic link to another place, is noticed as well (certbot, Kubernetes).
 */
export class TlsFiles {
  #paths: Paths;
  readonly #options: Required<TlsFilesOptions>;
  #certificate: TlsCertificate;
  /** Of the files that the certificate is from. */
  #digest: string;
  /** What is wrong with the files, as it was told. */
  #problem: string | undefined;
  #changed: (certificate: TlsCertificate) => void = () => {};
  #timer: number | undefined;

  private constructor(paths: Paths, options: Required<TlsFilesOptions>, certificate: TlsCertificate, digest: string) {
    this.#paths = paths;
    this.#options = options;
    this.#certificate = certificate;
    this.#digest = digest;
  }

  /** Reads the files; the message has a line for each that is of no use, with its flag. */
  static open(paths: Paths, given: TlsFilesOptions = {}): TlsFilesResult {
    const options = { clock: systemClock, unixTime: Date.now, readTextFile: Deno.readTextFileSync, ...given };
    const read = readPem(paths, options.readTextFile);
    if (!read.ok) return read;
    const parsed = parse(read.pem, paths, options.unixTime());
    if (!parsed.ok) return parsed;
    return { ok: true, files: new TlsFiles(paths, options, parsed.certificate, digestOf(read.pem)) };
  }

  get certificate(): TlsCertificate {
    return this.#certificate;
  }

  /** Looks at the files every 5 s from now on, and tells of each new certificate. */
  watch(changed: (certificate: TlsCertificate) => void): void {
    this.#changed = changed;
    this.#warn();
    this.#lookLater();
  }

  /** Looks at the files at once. */
  look(): void {
    const read = readPem(this.#paths, this.#options.readTextFile);
    if (!read.ok) return this.#keep(read.message);
    const digest = digestOf(read.pem);
    if (digest === this.#digest) return this.#recover();
    const parsed = parse(read.pem, this.#paths, this.#options.unixTime());
    if (parsed.ok) this.#take(parsed.certificate, digest);
    else this.#keep(parsed.message);
  }

  /** Reads other files, which are looked at once `commit` is called. The message has a line for each that is of no use. */
  prepare(paths: Paths): { readonly ok: true; readonly commit: () => void } | Failure {
    const { readTextFile, unixTime } = this.#options;
    const read = readPem(paths, readTextFile);
    if (!read.ok) return read;
    const parsed = parse(read.pem, paths, unixTime());
    if (!parsed.ok) return parsed;
    const digest = digestOf(read.pem);
    const commit = () => {
      this.#paths = paths;
      if (digest === this.#digest) this.#recover();
      else this.#take(parsed.certificate, digest);
    };
    return { ok: true, commit };
  }

  /** Looks at nothing any more. */
  close(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookLater(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.look();
      this.#lookLater();
    }, LOOK_MS);
  }

  /** A problem that stays is told once. */
  #keep(message: string): void {
    if (message === this.#problem) return;
    this.#problem = message;
    log.warn("the certificate of HTTPS stays the one of before: {message}", { message });
  }

  #recover(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    log.info("the files hold the certificate of HTTPS again");
  }

  #take(certificate: TlsCertificate, digest: string): void {
    this.#certificate = certificate;
    this.#digest = digest;
    this.#problem = undefined;
    const { fingerprint, validTo } = certificate;
    log.info("new connections get the new certificate of HTTPS: {fingerprint}, until {validTo}", {
      fingerprint,
      validTo,
    });
    this.#warn();
    this.#changed(certificate);
  }

  #warn(): void {
    for (const warning of this.#certificate.warnings) log.warn("the certificate of HTTPS: {warning}", { warning });
  }
}

type Failure = { readonly ok: false; readonly message: string };

function readPem(
  paths: Paths,
  readTextFile: ReadTextFile,
): { readonly ok: true; readonly pem: CertificatePem } | Failure {
  const read = readCertificateFiles(paths, TLS_FILES, readTextFile);
  if (!read.ok) return read;
  if (read.pem === undefined) throw new TypeError("HTTPS needs the files of a certificate");
  return { ok: true, pem: read.pem };
}

function parse(
  pem: CertificatePem,
  paths: Paths,
  unixMs: number,
): { readonly ok: true; readonly certificate: TlsCertificate } | Failure {
  try {
    return { ok: true, certificate: readTlsCertificate(pem, unixMs) };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return { ok: false, message: fileProblem(paths, TLS_FILES, error.part, error.message) };
  }
}

function digestOf({ cert, key }: CertificatePem): string {
  return createHash("sha256").update(`${cert.length} ${cert}${key}`).digest("hex");
}

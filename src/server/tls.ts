import { localAddresses } from "../io/addresses.ts";
import { createCertificate } from "../io/dtls/certificate.ts";
import type { Config } from "./config_schema.ts";
import { ReloadError, type ReloadPart } from "./reload.ts";
import { pageUrl, type ServedTls } from "./serve.ts";
import { madeTlsCertificate } from "./tls_certificate.ts";
import { TlsFiles } from "./tls_files.ts";

export type TlsResult =
  | { readonly ok: true; readonly tls: ServedTls | undefined; readonly part?: ReloadPart }
  | { readonly ok: false; readonly message: string };

/** HTTPS as the settings want it: by files, by a certificate that is made here, or none. */
export function openTls(config: Pick<Config, "host" | "tlsCert" | "tlsKey" | "tlsSelfSigned">): TlsResult {
  if (config.tlsSelfSigned) return { ok: true, tls: selfSigned(config.host, Date.now()) };
  if (config.tlsCert === undefined) return { ok: true, tls: undefined };
  const opened = TlsFiles.open(config);
  if (!opened.ok) return opened;
  const { files } = opened;
  const look = () => files.look();
  return {
    ok: true,
    tls: {
      certificate: files.certificate,
      isLasting: true,
      watch(changed) {
        files.watch(changed);
        if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", look);
      },
      close() {
        files.close();
        if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGHUP", look);
      },
    },
    part: partOf(files),
  };
}

/** Files that have changed, under the same names, are no business of the settings. */
function partOf(files: TlsFiles): ReloadPart {
  return {
    prepare(config, present) {
      if (config.tlsCert === present.tlsCert && config.tlsKey === present.tlsKey) return () => {};
      const prepared = files.prepare(config);
      if (!prepared.ok) throw new ReloadError(prepared.message);
      return prepared.commit;
    },
  };
}

function selfSigned(host: string, nowMs: number): ServedTls {
  const addresses = localAddresses([host], []);
  const made = createCertificate(nowMs, [...new Set(["localhost", "127.0.0.1", "::1", ...addresses])]);
  const others = addresses.filter((address) => address !== "::1" && !address.startsWith("127."));
  return {
    certificate: madeTlsCertificate(made, nowMs),
    isLasting: false,
    notes: (port) => [
      ...others.map((address) => `For a phone in the same network: ${pageUrl(address, port, "https")}`),
      `Browsers warn of its certificate, which is made at each start; its SHA-256 fingerprint: ${made.fingerprint}`,
    ],
    watch() {},
    close() {},
  };
}

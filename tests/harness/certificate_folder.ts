import assert from "node:assert/strict";
import { createCertificate, type DtlsCertificate } from "../../src/io/dtls/certificate.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "./server.ts";

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";

/** What a test needs to start a server with certificates by files. */
export const CERTIFICATE_PERMISSIONS = {
  ...SERVER_PERMISSIONS,
  read: [...SERVER_PERMISSIONS.read, FOLDER],
  write: [FOLDER],
} satisfies Deno.PermissionOptionsObject;

/** What the files are for, as the settings name it. */
export type Protocol = "tls" | "dtls";

/** A certificate and its key. */
export type Pem = Pick<DtlsCertificate, "certPem" | "keyPem">;

/** A folder with a certificate and its key. */
export class CertificateFolder {
  readonly path: string;
  readonly #cert: string;
  readonly #key: string;

  constructor(path: string) {
    this.path = path;
    this.#cert = `${path}/cert.pem`;
    this.#key = `${path}/key.pem`;
  }

  flags(protocol: Protocol): string[] {
    return [`--${protocol}-cert=${this.#cert}`, `--${protocol}-key=${this.#key}`];
  }

  /** Puts others in the place of both. */
  async write({ certPem, keyPem }: Pem): Promise<void> {
    for (const [path, text] of [[this.#cert, certPem], [this.#key, keyPem]]) {
      await Deno.writeTextFile(`${path}.new`, text);
    }
    for (const path of [this.#cert, this.#key]) await Deno.rename(`${path}.new`, path);
  }

  async removeCertificate(): Promise<void> {
    await Deno.remove(this.#cert);
  }
}

/** Runs a test with a certificate and a key in a folder of its own, which is removed. */
export async function withCertificate(pem: Pem, test: (folder: CertificateFolder) => Promise<void>): Promise<void> {
  const folder = new CertificateFolder(await Deno.makeTempDir({ dir: FOLDER }));
  try {
    await folder.write(pem);
    await test(folder);
  } finally {
    await Deno.remove(folder.path, { recursive: true });
  }
}

/** Files that no server starts with. */
export interface UnusableFiles {
  readonly what: string;
  readonly pem: Pem;
  readonly isReadable: boolean;
  readonly part: "cert" | "key";
  /** Behind the flag and the file. */
  readonly reason: string;
}

const [OWN, OTHER] = [createCertificate(Date.now()), createCertificate(Date.now())];
const NO_CERTIFICATE = "it has no certificate in PEM";

export const UNUSABLE_FILES: readonly UnusableFiles[] = [
  {
    what: "another one's key",
    pem: { certPem: OWN.certPem, keyPem: OTHER.keyPem },
    isReadable: true,
    part: "key",
    reason: "it is not the key of the certificate\n",
  },
  {
    what: "a file that is no certificate",
    pem: { certPem: "", keyPem: OWN.keyPem },
    isReadable: true,
    part: "cert",
    reason: NO_CERTIFICATE,
  },
  {
    what: "half a certificate",
    pem: { certPem: OWN.certPem.slice(0, 300), keyPem: OWN.keyPem },
    isReadable: true,
    part: "cert",
    reason: NO_CERTIFICATE,
  },
  {
    what: "files that Deno may not read",
    pem: OWN,
    isReadable: false,
    part: "cert",
    reason: "Deno may not read it: put it into certs/ or config/, or add --allow-read=/",
  },
];

/** A server with such files tells the flag and the reason on stderr, in a line of its own, and ends with 2. */
export async function expectRefused(protocol: Protocol, { pem, isReadable, part, reason }: UnusableFiles) {
  await withCertificate(pem, async (folder) => {
    const permissions = isReadable ? [`--allow-read=${folder.path}`] : [];
    const flags = folder.flags(protocol);
    await assert.rejects(ServerProcess.start({ task: "dev", flags, permissions }), ({ message }: Error) => {
      assert.match(message, /^the server ended with 2 before it was ready/);
      const line = `\n--${protocol}-${part}=${folder.path}/${part}.pem is of no use: ${reason}`;
      assert.ok(message.includes(line), message);
      return true;
    });
  });
}

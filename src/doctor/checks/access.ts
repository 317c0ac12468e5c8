import type { CertificateFacts, Facts } from "../facts.ts";
import { type Finding, type FindingId, ok, problem, warning } from "../finding.ts";
import { isLoopback } from "../address_kind.ts";

const DAY_MS = 86_400_000;
/** Let's Encrypt's clients renew 30 days before the end: what is left so late was not renewed. */
const SOON_MS = 14 * DAY_MS;
/** Tokens and TURN credentials bear so much. */
const CLOCK_WARNING_MS = 30_000;
const CLOCK_PROBLEM_MS = 300_000;
const RENEW = "renew it (certbot renew), and look whether its timer runs: systemctl list-timers certbot.timer";

/** Who may come in, by what certificate, and by whose clock. */
export function checkAccess(facts: Facts): Finding[] {
  return [
    ...checkTokens(facts),
    checkHttps(facts),
    ...checkProxy(facts),
    ...checkTlsCertificate(facts),
    ...checkDtlsCertificate(facts),
    checkClock(facts),
  ];
}

const GIVE_SECRET =
  'give a secret by AUTH_SECRET ("openssl rand -hex 32" makes one) or a key set by --auth-jwks; docs/auth.md says how';

/** What a server that runs has shown counts for more than what the settings say. */
function checkTokens({ config, machine, server: { signaling } }: Facts): Finding[] {
  const isMeant = config.authSecret !== undefined || config.authJwks !== undefined;
  const isAsked = signaling?.ok ? signaling.asksForTokens : signaling?.code === "unauthorized" ? true : undefined;
  if (isAsked === false && isMeant) {
    const detail = "these settings ask for tokens, and the server that runs does not";
    return [warning("auth", detail, `restart it with these settings, and ${GIVE_SECRET}`)];
  }
  if (isAsked ?? isMeant) return [ok("auth", "tokens are asked for")];
  if (machine === undefined && isAsked === undefined) return [];
  if (machine !== undefined && isLoopback(config.host) && !isProxied(config)) {
    return [ok("auth", "none are asked for, on this machine alone")];
  }
  return [warning("auth", "none are asked for: whoever reaches the server may enter any room", GIVE_SECRET)];
}

function checkHttps({ config, machine, server }: Facts): Finding {
  if (machine !== undefined) {
    if (config.tlsSelfSigned) return ok("https", "by a certificate that is made at the start, of which browsers warn");
    if (config.tlsCert !== undefined) return ok("https", "by the certificate of --tls-cert");
    if (isProxied(config)) return ok("https", "left to the proxy of --trust-proxy");
    if (isLoopback(config.host)) return ok("https", "not needed: the page is for browsers on this machine");
  }
  if (server.url.startsWith("https:")) return ok("https", "the page is served by https");
  return warning(
    "https",
    "the page is served by http, and browsers give camera and microphone to pages of https or localhost alone",
    "give a certificate by --tls-cert and --tls-key, or put a proxy in front that has one (--host=127.0.0.1, " +
      "--trust-proxy=127.0.0.1); --tls-self-signed=yes is for trying out",
  );
}

/** Who speaks HTTPS for a server that has no certificate is a proxy. */
function checkProxy({ config, machine, server: { url } }: Facts): Finding[] {
  if (machine === undefined) return [];
  const hasOwnTls = config.tlsCert !== undefined || config.tlsSelfSigned;
  if (isProxied(config)) return [ok("trust-proxy", "it says who a client is")];
  if (hasOwnTls || !url.startsWith("https:")) return [ok("trust-proxy", "none is seen")];
  return [warning(
    "trust-proxy",
    "there is one, which is not trusted: all clients count as one address, and limits hold for all together",
    "name it by --trust-proxy=127.0.0.1, or the address that it connects from, and have it set X-Forwarded-For",
  )];
}

function isProxied({ trustProxy }: Facts["config"]): boolean {
  return trustProxy !== 0;
}

function checkTlsCertificate({ machine, server, nowMs }: Facts): Finding[] {
  const files = machine?.tlsFiles;
  if (files?.ok === false) {
    return [problem("tls-certificate", files.reason, "name the chain (fullchain.pem) and its key, both in PEM")];
  }
  const { certificate } = server;
  if (certificate?.distrust !== undefined) return [distrusted(certificate.distrust)];
  const shown = certificate ?? files;
  return shown === undefined ? [] : [checkDates("tls-certificate", shown, nowMs)];
}

/** `reason` is what TLS says, as in `invalid peer certificate: UnknownIssuer`. */
function distrusted(reason: string): Finding {
  const detail = `clients that check it refuse it: ${reason}`;
  if (/expired/i.test(reason)) return problem("tls-certificate", detail, RENEW);
  if (/name/i.test(reason)) {
    return problem("tls-certificate", detail, "get one for the host of the URL, or use the host that it is for");
  }
  return warning(
    "tls-certificate",
    detail,
    "give the whole chain by --tls-cert (fullchain.pem, not cert.pem), of an authority that browsers know; one that was " +
      "made by --tls-self-signed=yes is for trying out",
  );
}

function checkDtlsCertificate({ machine, nowMs }: Facts): Finding[] {
  const files = machine?.dtlsFiles;
  if (files === undefined) return [];
  if (!files.ok) {
    return [problem("dtls-certificate", files.reason, "give --dtls-cert and --dtls-key in PEM, of an EC P-256 key")];
  }
  return [checkDates("dtls-certificate", files, nowMs)];
}

function checkDates(id: FindingId, certificate: CertificateFacts, nowMs: number): Finding {
  if (!certificate.ok) return problem(id, certificate.reason, RENEW);
  const { validFromMs, validToMs } = certificate;
  const end = new Date(validToMs).toISOString().slice(0, 10);
  if (nowMs < validFromMs) {
    return problem(id, "it is not valid yet", "set the clock of this machine (timedatectl set-ntp true)");
  }
  if (nowMs > validToMs) return problem(id, `it has expired: ${end}`, RENEW);
  if (nowMs > validToMs - SOON_MS) return warning(id, `it expires soon: ${end}`, RENEW);
  return ok(id, `valid until ${end}`);
}

function checkClock({ nowMs, server }: Facts): Finding {
  const { health } = server;
  if (!health.ok || health.dateMs === undefined) return ok("clock", "not compared: no server has told its time");
  const offset = Math.abs(health.dateMs - nowMs);
  const detail = `${Math.round(offset / 1000)} s apart from the server's`;
  const fix = "set both clocks (timedatectl set-ntp true): tokens and TURN credentials are good for a time only";
  if (offset > CLOCK_PROBLEM_MS) return problem("clock", detail, fix);
  return offset > CLOCK_WARNING_MS ? warning("clock", detail, fix) : ok("clock", "the same as the server's");
}

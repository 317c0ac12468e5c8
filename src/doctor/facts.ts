import type { IceCandidate } from "../webrtc/candidate.ts";
import type { Config } from "../server/config_schema.ts";

/** All that the checks look at. What could not be found out is undefined. */
export interface Facts {
  readonly config: Config;
  /** Unix time of this machine in ms. */
  readonly nowMs: number;
  /** Of this machine; undefined where the server is on another one. */
  readonly machine?: MachineFacts;
  readonly server: ServerFacts;
}

export interface MachineFacts {
  /** What would carry the media here. */
  readonly backend:
    | { readonly ok: true; readonly name: "native" | "portable"; readonly reason: string }
    | { readonly ok: false; readonly reason: string };
  readonly isLinux: boolean;
  /** File descriptors that a process may have. */
  readonly descriptors?: number;
  /** Bytes that the kernel grants a socket of those that a shared UDP port asks for. */
  readonly buffers?: BufferFacts;
  /** Why media cannot be on its addresses, with what to do about it. */
  readonly mediaAddressProblem?: string;
  readonly ports: PortFacts;
  /** The addresses that media is on, announced ones left out. */
  readonly ownAddresses: readonly string[];
  readonly announced: AnnouncedFacts;
  /** What STUN servers see of this machine, one entry for each that was asked. */
  readonly seenFrom: readonly SeenAddress[];
  readonly tlsFiles?: CertificateFacts;
  readonly dtlsFiles?: CertificateFacts;
  readonly broker?: BrokerFacts;
}

export interface BufferFacts {
  readonly receive: { readonly asked: number; readonly granted: number };
  readonly send: { readonly asked: number; readonly granted: number };
}

/** `forbidden`: the system does not let this user have it. `nowhere`: its address is not of this machine. */
export type PortState = "free" | "taken" | "forbidden" | "nowhere";

export interface PortFacts {
  readonly http: PortState;
  /** Where there is one. */
  readonly tcp?: PortState;
  /** Of the shared ports, or of a sample of the range. */
  readonly udp: readonly { readonly port: number; readonly state: PortState }[];
}

export type AnnouncedFacts =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly reason: string };

export interface SeenAddress {
  /** As in `stun:stun.example.org`. */
  readonly url: string;
  /** Undefined where it did not answer. */
  readonly address?: string;
}

export type CertificateFacts =
  | { readonly ok: false; readonly reason: string }
  | {
    readonly ok: true;
    /** Unix time in ms. */
    readonly validFromMs: number;
    readonly validToMs: number;
  };

export type BrokerFacts =
  & {
    /** The URL without secrets. */
    readonly name: string;
  }
  & (
    | { readonly ok: true; readonly software: string; readonly roundTripMs: number }
    | { readonly ok: false; readonly isRefusal: boolean; readonly reason: string }
  );

/** What was seen of a server that runs, or ought to. */
export interface ServerFacts {
  /** The origin that was asked. */
  readonly url: string;
  /** Whether the user has named it, or the settings have. */
  readonly wasNamed: boolean;
  readonly health: HealthFacts;
  /** IP addresses of the URL's host. */
  readonly hostAddresses: readonly string[];
  /** With https: what it shows. */
  readonly certificate?: CertificateFacts & { readonly distrust?: string };
  readonly ready?: { readonly isReady: boolean; readonly reason: string };
  readonly signaling?: SignalingFacts;
}

export type HealthFacts =
  | {
    readonly ok: true;
    readonly backend: string;
    readonly backendReason: string;
    /** Of the Date field, Unix time in ms with a resolution of a second. */
    readonly dateMs?: number;
  }
  | { readonly ok: false; readonly reason: "unreachable" | "stranger" | "untrusted"; readonly message: string };

export type SignalingFacts =
  | {
    readonly ok: false;
    /** A code of the protocol, or `unreachable`, `no-answer`, `untrusted`. */
    readonly code: string;
    readonly message: string;
  }
  | {
    readonly ok: true;
    /** Whether a page of the URL's own origin may join. */
    readonly originAllowed: boolean;
    /** Whether it was a token that let us in. */
    readonly asksForTokens: boolean;
    readonly checks: readonly CandidateCheck[];
    /** Undefined where no candidate answered. */
    readonly dtls?: DtlsFacts;
    readonly turn: readonly TurnFacts[];
  };

export interface CandidateCheck {
  readonly candidate: IceCandidate;
  /** Milliseconds to there and back; undefined where nothing came back. */
  readonly roundTripMs?: number;
}

export type DtlsFacts =
  | { readonly ok: true; readonly durationMs: number }
  | { readonly ok: false; readonly reason: string };

export interface TurnFacts {
  readonly url: string;
  readonly allocation:
    | { readonly ok: true; readonly relayed: string }
    /** `code` is that of STUN, where the server said no; 0 where it said nothing. */
    | { readonly ok: false; readonly code: number; readonly reason: string };
  /** The check through the relay; undefined where there was none. */
  readonly relay?: { readonly roundTripMs?: number; readonly reason?: string };
}

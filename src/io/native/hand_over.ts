import type { RingWriter } from "../message_ring.ts";
import type { TcpHandover } from "./tcp_connection.ts";
import type { FromWorker } from "./worker_messages.ts";

/** Of a ring's bytes: these are for what peers have to say. */
const SPARE_SHARE = 0.5;

/**
 * Gives connections away by a ring of `ringBytes`. Who has sent them may be anybody: where half of the ring is full they
 * are closed, so that strangers take the way from no peer.
 */
export function handOverBy(
  outbound: RingWriter<FromWorker>,
  ringBytes: number,
  close: (fd: number) => unknown,
): (connection: TcpHandover) => void {
  return (connection) => {
    if (!outbound.offer({ type: "connection", connection }, ringBytes * SPARE_SHARE)) close(connection.fd);
  };
}

/** What routing needs of the host of one isolate's media. */
export interface ConnectionHost {
  hasUfrag(ufrag: string): boolean;
  /** Takes the connection, with its descriptor. */
  adopt(connection: TcpHandover): void;
}

/** Gives each connection to the one of `hosts` that has its peer, and closes one that is for nobody. */
export function routeByUfrag(
  hosts: readonly ConnectionHost[],
  close: (fd: number) => unknown,
): (connection: TcpHandover) => void {
  return (connection) => {
    const host = hosts.find((host) => host.hasUfrag(connection.ufrag));
    if (host === undefined) close(connection.fd);
    else host.adopt(connection);
  };
}

import { RingReader, type RingWriter } from "../message_ring.ts";
import type { TcpHandover } from "./tcp_connection.ts";
import type { FromWorker, ToWorker } from "./worker_messages.ts";
import type { DescriptorLedger, Pulse } from "./worker_state.ts";

/** One media worker from its start to its end, as its owner has it. */
export interface RunningWorker {
  readonly worker: Worker;
  readonly toWorker: SharedArrayBuffer;
  readonly events: RingReader<FromWorker>;
  readonly commands: RingWriter<ToWorker>;
  readonly stopped: PromiseWithResolvers<void>;
  readonly pulse: Pulse;
  readonly ledger: DescriptorLedger;
  /** Known while it runs. */
  epollFd: number | undefined;
  /** It is about to be woken. */
  waking: boolean;
  ssrcs: number;
  connections: number;
  /** It has stopped or failed. */
  isOver: boolean;
}

/** Closes what a worker that is no more has left open. */
export function closeDescriptors(running: RunningWorker, close: (fd: number) => void): void {
  if (running.epollFd !== undefined) close(running.epollFd);
  running.epollFd = undefined;
  for (const fd of running.ledger.take()) close(fd);
}

/** Connections that were on their way to or from a worker when it ended have no other owner. */
export function takeBackConnections(
  { toWorker, commands, events }: RunningWorker,
  route: (connection: TcpHandover) => void,
  close: (fd: number) => void,
): void {
  events.drain((message) => {
    if (message.type === "connection") route(message.connection);
  });
  const unread = new RingReader<ToWorker>(toWorker);
  for (let isEmpty = false; !isEmpty; commands.flush()) {
    isEmpty = commands.waiting === 0;
    unread.drain((message) => {
      if (message.to === "tcp") close(message.connection.fd);
    });
  }
}

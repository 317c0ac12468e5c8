import type { NodeId } from "../media/media_bus.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import { ADDRESS_MASK, CUT_OFF, HEARD_AT_SHIFT, HEARS, SENT_TO_SHIFT } from "./direct_datagram.ts";
import type { DirectReceiver } from "./direct_receiver.ts";
import type { DirectSender } from "./direct_sender.ts";
import { PathAddresses } from "./path_addresses.ts";

/** A node from which nothing came for so long is not heard. */
export const UNHEARD_MS = 3000;

export interface DirectPeerOptions {
  readonly alias: NodeId;
  readonly name: string;
  /** As datagrams name the key of what it sends. */
  readonly keyId: number;
  readonly sender: DirectSender;
  readonly receiver: DirectReceiver;
  /** Where it may be reached: one at least, MAX_ADDRESSES at most. */
  readonly addresses: readonly RemoteAddress[];
}

/** Another node on the direct path: whether it is heard, and which of its addresses is in use. */
export class DirectPeer {
  readonly alias: NodeId;
  readonly name: string;
  readonly keyId: number;
  readonly sender: DirectSender;
  readonly receiver: DirectReceiver;
  /** Both nodes hear each other: what is sent arrives, as far as is known. */
  isUp = false;
  /** It does not know that it is heard, as far as is known: tell it as soon as what was received is handled. */
  owesAnswer = false;
  /** Since the last look at the time. */
  hasSent = false;
  /** When it was heard, and heard us, last. */
  upMs = -Infinity;
  /** Whether it is told that this node is cut off from what carries news. */
  #tellsCutOff = false;
  readonly #addresses: PathAddresses;
  #heardMs = -Infinity;
  #hears = false;
  /** The number, at the other node, of the address at which it was heard last. */
  #heardAt = 0;

  constructor({ alias, name, keyId, sender, receiver, addresses }: DirectPeerOptions) {
    this.alias = alias;
    this.name = name;
    this.keyId = keyId;
    this.sender = sender;
    this.receiver = receiver;
    this.#addresses = new PathAddresses(addresses);
  }

  isHeard(nowMs: number): boolean {
    return nowMs < this.#heardMs + UNHEARD_MS;
  }

  /** Something authentic has come: what it says of our addresses counts, as several may have been tried. */
  handleHeard(nowMs: number): void {
    const { flags } = this.receiver;
    const reachedAt = (flags >> HEARD_AT_SHIFT) & ADDRESS_MASK;
    this.#heardMs = nowMs;
    this.#heardAt = (flags >> SENT_TO_SHIFT) & ADDRESS_MASK;
    this.isUp = this.#hearsUs;
    if (this.isUp) this.upMs = nowMs;
    this.owesAnswer = !this.isUp || !this.#hears;
    this.#hears = true;
    if (this.isUp && reachedAt !== this.#addresses.number) this.#addresses.use(reachedAt);
    this.#applyState();
  }

  /** It says that it is cut off from what carries news. */
  get isCutOff(): boolean {
    return (this.receiver.flags & CUT_OFF) !== 0;
  }

  /** From its next datagram on it is told whether this node is cut off from what carries news. */
  tellCutOff(isCutOff: boolean): void {
    this.#tellsCutOff = isCutOff;
    this.#applyState();
  }

  /** The node says where it is: what is in use stays as long as it is among these. */
  moveTo(addresses: readonly RemoteAddress[]): void {
    this.#addresses.replace(addresses);
    this.#applyState();
  }

  /** To be called at each tick. Who does not hear us may do so at another one of its addresses. */
  handleTimeout(nowMs: number): void {
    this.#hears = this.isHeard(nowMs);
    this.isUp = this.#hears && this.#hearsUs;
    if (!this.isUp) this.#addresses.tryNext();
    this.#applyState();
    if (!this.hasSent) this.sender.sendKeepAlive();
    this.hasSent = false;
  }

  close(): void {
    this.sender.close();
    this.receiver.close();
  }

  get #hearsUs(): boolean {
    return (this.receiver.flags & HEARS) !== 0;
  }

  #applyState(): void {
    const { present, number } = this.#addresses;
    this.sender.to = present;
    const heard = this.#hears ? HEARS | (this.#heardAt << HEARD_AT_SHIFT) : 0;
    this.sender.flags = heard | (number << SENT_TO_SHIFT) | (this.#tellsCutOff ? CUT_OFF : 0);
  }
}

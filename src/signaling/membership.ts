import { z } from "zod";
import { BEAT_MS, GONE_MS } from "./shared_room.ts";
import { Standstill } from "./standstill.ts";

/** What nodes tell each other of themselves: every BEAT_MS, and when they end. */

/** Others beyond that are not listed: a slip, or somebody who is no node. */
const MAX_MEMBERS = 10_000;
/** Characters that say how a node is reached directly. */
const MAX_PATH = 1024;

/** Of this node, or of another one. */
const condition = z.object({
  /** How many peers its rooms have that are its own. */
  peers: z.int().min(0),
  /** How much of a processor it takes, 1 for a whole one. */
  load: z.number().min(0).max(10_000),
  /** It takes no new peers. */
  isDraining: z.boolean(),
  /** Of the tokens that it knows to be revoked: `Revocations.digest`. Left out by who tells nobody. */
  revoked: z.int().min(0).max(0xffffffff).optional(),
});
const name = z.string().min(1).max(64);
const announcementSchema = z.discriminatedUnion("type", [
  condition.extend({
    type: z.literal("here"),
    name,
    region: z.string().min(1).max(64).optional(),
    path: z.string().max(MAX_PATH).optional(),
  }),
  z.object({ type: z.literal("gone"), name }),
]);

export type Condition = Readonly<z.infer<typeof condition>>;
export type Announcement = Readonly<z.infer<typeof announcementSchema>>;

/** Another node, as it told of itself last. */
export interface Member extends Condition {
  readonly name: string;
  /** Where it is, in the words of whoever set it up. */
  readonly region?: string | undefined;
  /** How it is reached without what brings these words; for whoever can read it. */
  readonly path?: string | undefined;
}

export interface MembershipOptions {
  readonly name: string;
  readonly region?: string | undefined;
  /** How this node is reached directly, as of now. */
  readonly path?: () => string | undefined;
  /** Another node has told of itself; the first time it is to be told of this one at once. */
  readonly heard?: (member: Member, isNew: boolean) => void;
  /** Tells all other nodes, who may miss it. */
  readonly send: (announcement: Announcement) => void;
  readonly nowMs: number;
}

/** The nodes that there are besides this one, by what they say. Nobody decides who is one: each believes what it hears. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #members = new Map<string, { member: Member; heardMs: number }>();
  readonly #standstill: Standstill;
  #beatMs: number;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#standstill = new Standstill(2 * BEAT_MS, options.nowMs);
    this.#beatMs = options.nowMs;
  }

  /** The others, in the order in which they were first heard. */
  get members(): readonly Member[] {
    return [...this.#members.values()].map(({ member }) => member);
  }

  /** Takes what came, which may be anything. */
  handleAnnouncement(value: unknown, nowMs: number): void {
    const { data } = announcementSchema.safeParse(value);
    if (data === undefined || data.name === this.#options.name) return;
    if (data.type === "gone") {
      this.#members.delete(data.name);
      return;
    }
    const isNew = !this.#members.has(data.name);
    if (isNew && this.#members.size >= MAX_MEMBERS) return;
    const { type: _, ...member } = data;
    this.#members.set(data.name, { member, heardMs: nowMs });
    this.#options.heard?.(member, isNew);
  }

  /** Forgets who is silent, and tells the others of this node when that is due. To be called once a second or more often. */
  handleTimeout(condition: () => Condition, nowMs: number): void {
    if (this.#standstill.endsAt(nowMs)) { for (const each of this.#members.values()) each.heardMs = nowMs; }
    for (const [name, { heardMs }] of this.#members) if (nowMs >= heardMs + GONE_MS) this.#members.delete(name);
    if (nowMs >= this.#beatMs) this.announce(condition(), nowMs);
  }

  /** Tells the others at once. */
  announce(condition: Condition, nowMs: number): void {
    this.#beatMs = nowMs + BEAT_MS;
    const { name, region, send } = this.#options;
    const path = this.#options.path?.();
    const where = { ...(region !== undefined && { region }), ...(path !== undefined && { path }) };
    send({ type: "here", name, ...where, ...condition });
  }

  /** This node ends. */
  close(): void {
    this.#options.send({ type: "gone", name: this.#options.name });
    this.#members.clear();
  }
}

import { z } from "zod";
import { isUnspecified } from "../io/addresses.ts";
import { isProxy, type TrustedProxies } from "./client_address.ts";
import { type LogFilter, parseLogFilter } from "./log_filter.ts";

/** What help and README say of a setting, beside its name. */
export interface About {
  readonly placeholder: string;
  readonly fallback: string;
  readonly meaning: string;
  /** Completes "expected ...". */
  readonly allowed: string;
  /** No message repeats its value. */
  readonly isSecret?: boolean;
  /** The flag alone means `yes`. */
  readonly isSwitch?: boolean;
}

const about = z.registry<About>();

export function setting<T extends z.ZodType<unknown, string>>(type: T, text: About): z.ZodPrefault<T> {
  const schema = z.prefault(type, text.fallback as z.input<T>);
  about.add(schema, text);
  return schema;
}

/** What was said of a type by `setting`; undefined for another one. */
export function aboutOf(type: z.ZodType): About | undefined {
  return about.get(type);
}

/** Splits at commas; nothing between two commas is an error that the items' type finds. */
export function list<T extends z.ZodType<unknown, string>>(item: T) {
  return z.string()
    .transform((text) => text === "" ? [] : [...new Set(text.split(",").map((part) => part.trim()))])
    .pipe(z.array(item))
    .readonly();
}

/** The text that stands for no value. */
export function unset(text: string) {
  return z.literal(text).transform(() => undefined);
}

export function wholeNumber(max: number) {
  return z.string().regex(/^\d{1,5}$/).transform(Number).pipe(z.number().max(max));
}

/** From 1 on, or none. */
export function limit(max: number) {
  const number = z.string().regex(/^\d{1,12}$/).transform(Number).pipe(z.number().min(1).max(max));
  return z.union([z.literal("none").transform(() => Infinity), number]);
}

/** Whole seconds from 1 on, as in 60 or 60s; 0 for none. */
export function duration(max: number) {
  const seconds = z.string().regex(/^\d{1,5}s?$/).transform((text) => parseInt(text)).pipe(z.number().min(1).max(max));
  return z.union([z.literal("none").transform(() => 0), seconds]);
}

export const portRange = z.string().regex(/^\d{1,5}-\d{1,5}$/).transform((text) => {
  const [min, max] = text.split("-").map(Number);
  return { min, max };
}).pipe(z.object({ min: z.number().min(1), max: z.number().max(65535) }).refine(({ min, max }) => min <= max))
  .readonly();

/** RFC 7064, RFC 7065: what a Link header can carry. */
export const iceUrl = (scheme: "stun" | "turn") => new RegExp(`^${scheme}s?:[!-;=?-~]+$`);

export const ip = z.union([z.ipv4(), z.ipv6()]);
export const localHost = z.literal("localhost").transform(() => "127.0.0.1");

/** RFC 1123 section 2.1; the last label of a name is no number. */
export const hostName = z.string().max(253).regex(
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+\.?$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i,
);

export function standsAlone(hosts: readonly string[]): boolean {
  return hosts.length < 2 || !hosts.some(isUnspecified);
}

export function logFilter(text: string, context: z.RefinementCtx<string>): LogFilter {
  const filter = parseLogFilter(text);
  if (filter !== undefined) return filter;
  context.addIssue("no log filter");
  return z.NEVER;
}

/** How many there are, or which. */
export const proxies: z.ZodType<TrustedProxies, string> = z.union([
  wholeNumber(9),
  list(z.string().refine(isProxy)),
]);

export const yesOrNo = z.enum(["yes", "no"]).transform((text) => text === "yes");

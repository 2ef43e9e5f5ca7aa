/**
 * The parts of Cockpit's run-time interface (base1/cockpit.js, version 337 and later) that the
 * pages use. Cockpit gives it as the global `cockpit`; no page talks to anything else.
 */

export interface DBusCallOptions {
  /** D-Bus signature of the arguments; without it the bridge would introspect first. */
  type: string;
  /** Milliseconds. */
  timeout: number;
}

/** What a failed call rejects with; only name and first string of a D-Bus error survive. */
export interface CockpitError {
  problem: string | null;
  name?: string;
  message?: string;
}

export interface DBusClient {
  call(
    path: string,
    iface: string,
    method: string,
    args: unknown[],
    options: DBusCallOptions,
  ): Promise<unknown[]>;
  /** The bridge never removes the match again: subscribe once for each page. */
  subscribe(
    match: { interface?: string; member?: string; path?: string },
    callback: (path: string, iface: string, signal: string, args: unknown[]) => void,
  ): { remove(): void };
  addEventListener(type: "close", callback: (event: Event, why: CockpitError) => void): void;
  addEventListener(type: "owner", callback: (event: Event, owner: string | null) => void): void;
  close(): void;
}

/** Bytes to and from a unix socket. */
export interface StreamChannel {
  send(data: Uint8Array): void;
  close(): void;
  addEventListener(type: "ready", callback: () => void): void;
  addEventListener(type: "message", callback: (event: Event, data: Uint8Array) => void): void;
  addEventListener(
    type: "close",
    callback: (event: Event, why: { problem?: string | null }) => void,
  ): void;
}

export type LocationOptions = Record<string, string | string[]>;

export interface CockpitLocation {
  readonly path: string[];
  readonly options: LocationOptions;
  go(path: string[], options?: LocationOptions): void;
  replace(path: string[], options?: LocationOptions): void;
}

export interface Cockpit {
  dbus(name: string, options: { bus: "system"; host?: string }): DBusClient;
  channel(options: { payload: "stream"; unix: string; binary: true; host?: string }): StreamChannel;
  gettext(text: string): string;
  ngettext(one: string, many: string, count: number): string;
  readonly language?: string;
  readonly language_direction?: string;
  location: CockpitLocation;
  /** True while the shell shows another page. */
  hidden: boolean;
  addEventListener(type: "locationchanged" | "visibilitychange", callback: () => void): void;
  removeEventListener(type: "locationchanged" | "visibilitychange", callback: () => void): void;
  readonly transport: {
    /** Turns a path below Cockpit's own into a whole address, of the web socket's scheme. */
    uri(path: string): string;
    readonly csrf_token: string;
  };
  /** Shows another page of the console, where the shell is around it. */
  jump(path: string): void;
}

declare global {
  var cockpit: Cockpit;
}

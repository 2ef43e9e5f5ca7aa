/**
 * Shapes of values on the wire. A value is written by position, without names or types, so both ends
 * must have the same shapes; `protocol` in operations.ts says which. Every length has a limit.
 */
import { type Reader, WireError, type Writer } from "./buffers.ts";

export interface Shape<T> {
  write(to: Writer, value: T): void;
  read(from: Reader): T;
}

export const nothing: Shape<void> = { write() {}, read() {} };

export const flag: Shape<boolean> = {
  write: (to, value) => to.byte(value ? 1 : 0),
  read: (from) => from.byte() === 1,
};

export const number: Shape<number> = {
  write: (to, value) => to.double(value),
  read: (from) => from.double(),
};

/** @param most bytes of UTF-8 */
export const text = (most: number): Shape<string> => ({
  write(to, value) {
    if (value.length > most) throw new WireError(`a text is longer than ${most}`);
    to.text(value);
  },
  read: (from) => from.text(most),
});

export const bytes = (most: number): Shape<Uint8Array> => ({
  write(to, value) {
    if (value.length > most) throw new WireError(`a value is longer than ${most} bytes`);
    to.bytes(value);
  },
  read: (from) => from.bytes(most),
});

export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  const places = new Map(values.map((value, place) => [value, place]));
  return {
    write(to, value) {
      const place = places.get(value);
      if (place === undefined) throw new WireError(`${value} is not one of ${values.join(", ")}`);
      to.byte(place);
    },
    read(from) {
      const value = values[from.byte()];
      if (value === undefined) throw new WireError("a value is none of its list");
      return value;
    },
  };
}

export const optional = <T>(shape: Shape<T>): Shape<T | undefined> => ({
  write(to, value) {
    to.byte(value === undefined ? 0 : 1);
    if (value !== undefined) shape.write(to, value);
  },
  read: (from) => (from.byte() === 1 ? shape.read(from) : undefined),
});

export const list = <T>(shape: Shape<T>, most: number): Shape<T[]> => ({
  write(to, values) {
    if (values.length > most) throw new WireError(`a list has more than ${most} entries`);
    to.word(values.length);
    for (const value of values) shape.write(to, value);
  },
  read(from) {
    const length = from.word();
    if (length > most) throw new WireError(`a list has ${length} entries, at most ${most} may be`);
    const values: T[] = [];
    for (let i = 0; i < length; i++) values.push(shape.read(from));
    return values;
  },
});

/** An object by the order of its fields; a field that is undefined is left out. */
export function record<T extends object>(
  fields: {
    [K in keyof Required<T>]: Shape<T[K]>;
  },
): Shape<T> {
  const entries = Object.entries(fields) as [keyof T, Shape<T[keyof T]>][];
  return {
    write(to, value) {
      for (const [name, shape] of entries) shape.write(to, value[name]);
    },
    read(from) {
      const value: Partial<T> = {};
      for (const [name, shape] of entries) {
        const field = shape.read(from);
        if (field !== undefined) value[name] = field;
      }
      return value as T;
    },
  };
}

/** Arguments of a function. */
export function tuple<T extends readonly unknown[]>(
  ...shapes: { [K in keyof T]: Shape<T[K]> }
): Shape<T> {
  const all = shapes as readonly Shape<unknown>[];
  return {
    write(to, values) {
      for (let i = 0; i < all.length; i++) all[i]?.write(to, values[i]);
    },
    read: (from) => all.map((shape) => shape.read(from)) as unknown as T,
  };
}

/** Values by name. */
export function table<T>(shape: Shape<T>, most: number): Shape<Record<string, T>> {
  const entries = list(tuple<[string, T]>(text(256), shape), most);
  return {
    write: (to, value) => entries.write(to, Object.entries(value)),
    read: (from) => Object.fromEntries(entries.read(from)),
  };
}

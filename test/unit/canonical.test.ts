import { expect, test } from "vitest";
import { canonical } from "../../agent/audit/canonical.ts";

test("keys are in order of their UTF-16 units, as RFC 8785 section 3.2.3 shows", () => {
  const value = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  expect(Object.values(JSON.parse(canonical(value)))).toEqual([
    "One",
    "Carriage Return",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
  expect(canonical(value).startsWith('{"\\r":"Carriage Return","1":"One"')).toBe(true);
});

test("numbers are written as ECMAScript does", () => {
  const value = [1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0];
  expect(canonical(value)).toBe("[1e+30,4.5,0.002,1e-27,0]");
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, "\ud800", () => 0, { a: 1n }])(
  "%s has no canonical form",
  (value) => {
    expect(() => canonical(value)).toThrow(TypeError);
  },
);

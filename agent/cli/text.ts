/** Text for a terminal. */

/** Without what could steer a terminal: names and logs come from others. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => (c === "\n" || c === "\t" ? c : "�"));
}

export function oneLine(text: string): string {
  return harmless(text).replace(/[\n\t]+/g, " ");
}

export function lengthOf(text: string): number {
  return [...text].length;
}

export function cut(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - lengthOf(text)));
}

/** Lines of at most `width` characters, broken between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    const fits = last !== undefined && lengthOf(last) + 1 + lengthOf(word) <= width;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const colours: Record<string, number> = { good: 32, warning: 33, bad: 31, unknown: 35 };

const words: Record<string, keyof typeof colours> = {
  good: "good",
  active: "good",
  running: "good",
  succeeded: "good",
  success: "good",
  approved: "good",
  warning: "warning",
  suspended: "warning",
  pending: "warning",
  frozen: "warning",
  deleting: "warning",
  stopped: "warning",
  cancelled: "warning",
  expired: "warning",
  bad: "bad",
  failed: "bad",
  failure: "bad",
  error: "bad",
  missing: "bad",
  refused: "bad",
  rejected: "bad",
  unknown: "unknown",
};

/** A word of state in its colour; the word itself says all, the colour only helps the eye. */
export function painted(padded: string, colour: boolean): string {
  const kind = words[padded.trim()];
  return colour && kind !== undefined ? `\u001b[${colours[kind]}m${padded}\u001b[0m` : padded;
}

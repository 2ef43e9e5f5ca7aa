/** Response codes of a TPM (TPM 2.0 Part 2, 6.6) as sentences. */

const formatOne = 0x080;
const parameter = 0x040;
const session = 0x800;

/** Codes about an argument, without its number (table 17). */
const arguments_: Record<number, string> = {
  130: "has attributes that do not fit",
  132: "has a value that the TPM does not accept",
  133: "is of a hierarchy that is switched off or does not fit",
  138: "is of a type that does not fit",
  139: "does not exist in the TPM",
  142: "was refused: its password is wrong, and wrong tries are counted",
  157: "was refused: its policy is not fulfilled",
  159: "was changed, or was made for another TPM",
  162: "was refused: its password is wrong",
  166: "is on a curve that the TPM does not know",
};

/** Other errors and warnings (tables 16 and 18). */
const others: Record<number, string> = {
  256: "has not been started",
  257: "has failed and must be started again with the machine",
  288: "has this command switched off",
  303: "does not allow this authorisation now",
  304: "must be started again with the machine first",
  323: "does not know this command",
  326: "has less in this index than was asked for",
  328: "has this index locked",
  329: "does not allow this access to the index",
  330: "has nothing written in this index yet",
  331: "has no room for another index",
  332: "has this index already",
  2306: "has no room for another key; something else on this machine keeps it occupied",
  2307: "has no room for another session; something else on this machine keeps it occupied",
  2336: "is slowing down writes to spare its memory; try again later",
  2337: "is locked after wrong passwords; see tpm2_dictionarylockout(1)",
  2339: "cannot write to its memory now; try again later",
};

/** Codes after which the same command may be sent again (table 18): busy, self-test, yielded. */
export const again: ReadonlySet<number> = new Set([0x908, 0x90a, 0x922]);

/** A TPM refused a command. */
export class TpmError extends Error {
  /** Without the number of the argument that it is about. */
  readonly code: number;

  constructor(command: string, response: number) {
    super(sentence(command, response));
    this.code = plain(response);
  }
}

/** Codes that callers ask for. */
export const code = { handle: 0x08b, badAuth: 0x0a2, authFail: 0x08e, unwritten: 0x14a } as const;

function plain(response: number): number {
  return (response & formatOne) === 0 ? response : response & 0x0bf;
}

function sentence(command: string, response: number): string {
  const number = `0x${response.toString(16)}`;
  const text = (response & formatOne) === 0 ? others[response] : arguments_[plain(response)];
  if (text === undefined) return `The TPM refused ${command} (code ${number}).`;
  if ((response & formatOne) === 0) return `The TPM ${text} (${command}, code ${number}).`;
  return `${subject(response)} of ${command} ${text} (code ${number}).`;
}

function subject(response: number): string {
  if ((response & parameter) !== 0) return `Parameter ${(response >> 8) & 0xf}`;
  const kind = (response & session) === 0 ? "Handle" : "Authorisation";
  return `${kind} ${(response >> 8) & 0x7}`;
}

/** A call on its way: what is needed to send it, to send it once more, and to answer it. */
import type { Writer } from "../driver/wire/buffers.ts";
import { frame } from "../driver/wire/frames.ts";
import {
  type Operation,
  type OperationName,
  operationNames,
  operations,
} from "../driver/wire/operations.ts";

const numbers = new Map(operationNames.map((name, number) => [name, number]));

export class Call {
  readonly name: OperationName;
  readonly operation: Operation<OperationName>;
  readonly #parameters: readonly unknown[];
  readonly began = performance.now();
  /** Whether it makes keys or tokens. */
  readonly takesTime: boolean;
  /** When its caller is told that there is no answer. */
  readonly until: number;
  /** How often it was sent. */
  sent = 0;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    name: OperationName,
    parameters: readonly unknown[],
    milliseconds: { fast: number; slow: number },
    settle: { resolve: (value: unknown) => void; reject: (error: unknown) => void },
  ) {
    this.name = name;
    this.operation = operations[name] as unknown as Operation<OperationName>;
    this.#parameters = parameters;
    this.takesTime = this.operation.lane(parameters as never) === "making";
    this.until = this.began + (this.takesTime ? milliseconds.slow : milliseconds.fast);
    this.resolve = settle.resolve;
    this.reject = settle.reject;
  }

  /** @throws WireError when an argument is too long; nothing is written then. */
  write(to: Writer, id: number): void {
    frame(to, () => {
      to.word(id);
      to.byte(numbers.get(this.name) as number);
      this.operation.arguments.write(to, this.#parameters as never);
    });
    this.sent += 1;
  }
}

/** Program of the thread that has the facts of the cluster and answers questions about them. */
import { parentPort } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import { ClusterFacts } from "./facts.ts";
import { type Question, questions } from "./questions.ts";
import type { Reply, Request, ToThread } from "./thread.ts";

const facts = new ClusterFacts();

function replyTo({ id, question, ask, problems }: Request): Reply {
  const asked = questions[question as keyof typeof questions] as Question<unknown, unknown>;
  try {
    return { id, answer: asked.answer(new ClusterFacts(facts, problems), ask) };
  } catch (error) {
    if (error instanceof DsecosError) return { id, code: error.code, message: error.message };
    return { id, failed: explain(error) };
  }
}

parentPort?.on("message", (message: ToThread) => {
  if ("fact" in message) facts.put(message.fact.name, message.fact.at, message.fact.bytes);
  else parentPort?.postMessage(replyTo(message.request));
});

/** Program of the thread that has the facts of the cluster and answers questions about them. */
import { parentPort } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import { treeOf } from "../topology/question.ts";
import { ClusterFacts } from "./facts.ts";
import { type Question, type QuestionName, questions } from "./questions.ts";
import type { Reply, Request, ToThread } from "./thread.ts";

/** Facts that are asked for together come so close to each other, in milliseconds. */
const togetherMs = 50;
const withTree: readonly QuestionName[] = ["topology", "capacity"];

const facts = new ClusterFacts();
const asked = new Set<QuestionName>();
let preparing: NodeJS.Timeout | undefined;

function replyTo({ id, question, ask, problems, encoded }: Request): Reply {
  const name = question as QuestionName;
  const found = questions[name] as Question<unknown, unknown>;
  asked.add(name);
  try {
    const answer = found.answer(new ClusterFacts(facts, problems), ask);
    return encoded ? { id, json: JSON.stringify(answer) } : { id, answer };
  } catch (error) {
    if (error instanceof DsecosError) return { id, code: error.code, message: error.message };
    return { id, failed: explain(error) };
  }
}

/** What was asked before is asked again, and shall not wait then for megabytes to be taken apart. */
function prepare(): void {
  for (const name of asked) {
    const { needs, likes } = questions[name] as Question<unknown, unknown>;
    try {
      for (const fact of [...needs, ...likes]) facts.get(fact);
      if (withTree.includes(name)) treeOf(facts);
    } catch {
      // Nobody has asked yet; whoever does meets it again, and is told.
    }
  }
}

parentPort?.on("message", (message: ToThread) => {
  if ("fact" in message) {
    facts.put(message.fact.name, message.fact.at, message.fact.bytes);
    clearTimeout(preparing);
    preparing = setTimeout(prepare, togetherMs);
  } else parentPort?.postMessage(replyTo(message.request));
});

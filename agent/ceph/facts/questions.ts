/** What the thread that has the facts can be asked. Each is a pure function of them. */
import { compareQuestion } from "../actions/compare.ts";
import { flagsQuestion } from "../actions/flags-question.ts";
import { predictLargeQuestion, predictQuestion } from "../actions/question.ts";
import { capacityQuestion } from "../capacity/question.ts";
import { listenersQuestion } from "../daemons/question.ts";
import { devicesQuestion } from "../devices/question.ts";
import { daemonsQuestion, encryptionQuestion } from "../encryption/question.ts";
import { healthQuestion } from "../health/question.ts";
import { keyringsQuestion } from "../keyrings/question.ts";
import { poolsQuestion, rulesQuestion } from "../pools/question.ts";
import { progressQuestion } from "../progress/question.ts";
import { settingNamesQuestion, settingsQuestion } from "../settings/question.ts";
import { topologyQuestion } from "../topology/question.ts";
import { crushTreeQuestion } from "../volumes/question.ts";
import type { ClusterFacts } from "./facts.ts";
import type { FactName } from "./sources.ts";

export interface Question<Ask, Answer> {
  /** Without these there is no answer. */
  needs: readonly FactName[];
  /** Without these the answer says what is missing; their problems say why. */
  likes: readonly FactName[];
  answer(facts: ClusterFacts, ask: Ask): Answer;
}

export const questions = {
  health: healthQuestion,
  topology: topologyQuestion,
  capacity: capacityQuestion,
  daemons: daemonsQuestion,
  listeners: listenersQuestion,
  encryption: encryptionQuestion,
  pools: poolsQuestion,
  rules: rulesQuestion,
  keyrings: keyringsQuestion,
  settings: settingsQuestion,
  settingNames: settingNamesQuestion,
  devices: devicesQuestion,
  progress: progressQuestion,
  predict: predictQuestion,
  predictLarge: predictLargeQuestion,
  compare: compareQuestion,
  flags: flagsQuestion,
  crushTree: crushTreeQuestion,
} as const satisfies Record<string, Question<never, unknown>>;

export type Questions = typeof questions;
export type QuestionName = keyof Questions;
export type AskOf<K extends QuestionName> = Parameters<Questions[K]["answer"]>[1];
export type AnswerOf<K extends QuestionName> = ReturnType<Questions[K]["answer"]>;

import type { CheckStatus } from "../../check/compare.js";
import type { CheckStep } from "../../check/check.js";

/** What the check says. */
export interface CheckMessages {
  title: string;
  /** The option. */
  option: string;
  running: Record<CheckStep, string>;
  /** A check was not made by itself. */
  large: string;
  start: string;
  stopped: string;
  /** `runtime`: "" for the reference evaluator. */
  inDownload(runtime: string): string;
  withoutTfjs(reason: string): string;
  apart(absolute: string, relative: string): string;
  unavailable(reason: string): string;
  /** On the page of one file. */
  needsTfjs: string;
  outcome(status: CheckStatus, version: string): string;
  quantized: string;
  notRun(reason: string): string;
  difference(absolute: string, relative: string): string;
  byLayer: string;
  /** Of the first layer whose numbers are others. */
  firstWrong(layer: string): string;
  noneWrong: string;
  columns: { layer: string; status: string; absolute: string; relative: string };
  status: Record<CheckStatus, string>;
}

export const checkEn: CheckMessages = {
  title: "Check",
  option: "Check by a run on random inputs",
  running: {
    tfjs: "Running the model in TensorFlow.js…",
    reference: "Running the model in the reference evaluator…",
  },
  large: "This model is large: a check may take minutes.",
  start: "Check",
  stopped: "The check was stopped.",
  inDownload: (runtime) =>
    `The download has a run of the original by ${runtime || "the reference evaluator"}, and verify.py, which compares your PyTorch with it: PASS or FAIL.`,
  apart: (absolute, relative) =>
    `TensorFlow.js and the reference evaluator differ by ${absolute}, relative ${relative}: one of them is wrong, and verify.py will tell. Please report it.`,
  withoutTfjs: (reason) => `TensorFlow.js could not run it: ${reason}.`,
  unavailable: (reason) => `There is no check of this model: ${reason}.`,
  needsTfjs: "This page comes without TensorFlow.js, so this target can’t be checked here.",
  outcome: (status, version) =>
    ({
      ok: `TensorFlow.js ${version} computes what the file says.`,
      inaccurate: `TensorFlow.js ${version} computes other numbers than the file says.`,
      failed: `TensorFlow.js ${version} computes no comparable numbers.`,
    })[status],
  quantized: "The weights are quantized, so some difference is expected.",
  notRun: (reason) => `TensorFlow.js can’t run the converted model: ${reason}.`,
  difference: (absolute, relative) => `Largest difference ${absolute}, relative ${relative}.`,
  byLayer: "Check each layer",
  firstWrong: (layer) => `The first layer that differs is ${layer}.`,
  noneWrong: "No layer differs.",
  columns: { layer: "Layer", status: "Status", absolute: "Difference", relative: "Relative" },
  status: { ok: "OK", inaccurate: "Inaccurate", failed: "Failed" },
};

export const checkKo: CheckMessages = {
  title: "검사",
  option: "무작위 입력으로 실행하여 검사",
  running: {
    tfjs: "TensorFlow.js에서 모델을 실행하는 중…",
    reference: "기준 계산기로 모델을 실행하는 중…",
  },
  large: "모델이 커서 검사에 몇 분이 걸릴 수 있습니다.",
  start: "검사하기",
  stopped: "검사를 중단했습니다.",
  inDownload: (runtime) =>
    `내려받는 파일에 ${runtime || "기준 계산기"}(으)로 원본 모델을 실행한 결과와, 그것을 PyTorch의 결과와 비교하여 PASS 또는 FAIL을 출력하는 verify.py가 들어 있습니다.`,
  apart: (absolute, relative) =>
    `TensorFlow.js와 기준 계산기의 결과가 ${absolute}(상대 차이 ${relative})만큼 다릅니다. 둘 중 하나가 틀렸으며 verify.py로 알 수 있습니다. 알려 주시기 바랍니다.`,
  withoutTfjs: (reason) => `TensorFlow.js에서 실행하지 못했습니다: ${reason}.`,
  unavailable: (reason) => `이 모델은 검사할 수 없습니다: ${reason}.`,
  needsTfjs: "이 페이지에는 TensorFlow.js가 없어 이 변환 대상은 검사할 수 없습니다.",
  outcome: (status, version) =>
    ({
      ok: `TensorFlow.js ${version}의 계산이 파일의 내용과 일치합니다.`,
      inaccurate: `TensorFlow.js ${version}의 계산 결과가 파일의 내용과 다릅니다.`,
      failed: `TensorFlow.js ${version}의 결과를 비교할 수 없습니다.`,
    })[status],
  quantized: "가중치를 양자화했으므로 어느 정도의 차이는 당연합니다.",
  notRun: (reason) => `TensorFlow.js에서 변환된 모델을 실행할 수 없습니다: ${reason}.`,
  difference: (absolute, relative) => `최대 차이 ${absolute}, 상대 차이 ${relative}.`,
  byLayer: "레이어별로 검사",
  firstWrong: (layer) => `처음으로 달라지는 레이어는 ${layer}입니다.`,
  noneWrong: "달라지는 레이어가 없습니다.",
  columns: { layer: "레이어", status: "상태", absolute: "차이", relative: "상대 차이" },
  status: { ok: "일치", inaccurate: "부정확", failed: "실패" },
};

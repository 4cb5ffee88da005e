import { checkKo } from "../check/messages.js";
import { matchKo } from "../match/messages.js";
import type { Messages } from "./messages.js";

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds}초` : `${Math.round(seconds / 60)}분`;
}

export const ko: Messages = {
  dropHere: "Keras 모델을 여기에 놓으세요",
  dropHint: ".keras, .h5, .hdf5 파일, 또는 가중치 파일과 구조 .json 파일을 함께",
  chooseFiles: "파일 선택…",
  chooseFolder: "폴더 선택…",
  trySample: (name) => `${name} 사용해 보기`,
  loading: "준비하는 중…",
  opening: (name) => `${name} 여는 중…`,
  anotherFile: "다른 모델…",
  modelsOf: (count) => `모델 ${count}개`,
  leftAside: (names) => `모델과 관계없어 제외한 파일: ${names}`,

  facts: {
    keras: "저장한 Keras",
    file: "파일",
    inputs: "입력",
    outputs: "출력",
    parameters: "파라미터",
  },
  trainable: (count) => `학습 가능 ${count}개`,
  weightsOnly:
    "이 파일에는 구조 없이 가중치만 있습니다. 완전히 변환하려면 model.to_json()으로 저장한 JSON과 함께 여세요.",

  layers: (count) => `레이어 ${count}개`,
  frozen: "고정됨",

  parts: { network: "네트워크", code: "코드", weights: "가중치" },
  pictureLabel: (layers) =>
    `레이어 ${layers}개로 된 네트워크 그림. 화살표 키로 레이어를 옮겨 다니고, 더하기와 빼기로 확대·축소하며, Enter로 접거나 펼칩니다. 아래 목록에도 같은 레이어가 있습니다.`,
  pictureButtons: {
    zoomIn: "확대",
    zoomOut: "축소",
    fit: "전체 보기",
    foldAll: "블록과 중첩 모델 접기",
    unfoldAll: "모두 펼치기",
  },
  tooLargeForPicture:
    "네트워크가 너무 커서 그림으로 나타낼 수 없습니다. 목록에 모든 레이어가 있습니다.",
  foldedDetail: (layers, parameters) => `레이어 ${layers}개 · 파라미터 ${parameters}개`,
  findLayer: "레이어 찾기",
  findWeight: "가중치 찾기",
  constant: "상수",
  reading: (tensor) => `${tensor} 읽는 중…`,
  statistics: { elements: "원소 수", mean: "평균", range: "범위", notFinite: "유한하지 않은 값" },
  histogramLabel: (minimum, maximum) => `${minimum}부터 ${maximum}까지 값의 분포`,

  notes: (count) => `알림 ${count}개`,
  noNotes: "알림 없음: 모든 것이 정확히 옮겨집니다.",
  severity: { info: "참고", warning: "주의", refused: "변환 불가" },
  wholeModel: "모델 전체",

  target: "변환 대상",
  targets: { pytorch: "PyTorch", tfjs: "TensorFlow.js" },
  options: "옵션",
  weightsFile: "가중치 파일",
  safetensors: "model.safetensors",
  pt: "model.pt",
  contiguous: "연속된 텐서(커널을 전치하여 저장)",
  dtype: "가중치 자료형",
  dtypeAsIs: "파일 그대로",
  className: "클래스 이름",
  classNameHint: "모델 이름에서 가져옴",
  loss: "training.py의 손실 함수",
  optimizer: "training.py의 옵티마이저",
  asInFile: (names) => (names === "" ? "파일에 없음" : `파일 그대로 (${names})`),
  torchMin: "실행할 PyTorch",
  torchMinOldest: "1.13 이상",
  torchMinFused: "2.1 이상(융합 어텐션)",
  channelsLastIo: "입력과 출력은 채널을 마지막에 유지",
  quantization: "양자화",
  quantizationNone: "하지 않음",
  quantizationGlob: "양자화할 가중치",
  shardSize: "샤드 크기(MB)",
  splitWeightsByLayer: "레이어마다 가중치 그룹 나누기",
  assumeKinds: "가중치의 종류를 차원 수로 추측",
  match: matchKo,
  checksums: "manifest.json에 파일의 SHA-256 넣기",

  check: checkKo,

  filesOf: (count, bytes) => `파일 ${count}개, ${bytes}`,
  incomplete: "빠진 것이 있습니다. 알림을 확인하세요.",
  downloadZip: ".zip으로 내려받기",
  downloadZipOf: (bytes) => `.zip으로 내려받기 (${bytes})`,
  saveFolder: "폴더에 저장…",
  cancel: "취소",
  progress: (done, total, rate, seconds) =>
    `${total} 중 ${done} · 초당 ${rate}${seconds === undefined ? "" : ` · ${duration(seconds)} 남음`}`,
  next: "불러오려면:",
  savedZip: (name) => `${name} 파일이 준비되어 내려받기로 넘겼습니다.`,
  savedFolder: (name) => `${name} 폴더에 저장했습니다.`,
  cancelled: "취소했습니다.",
  copy: "복사",
  copied: "복사됨",

  cannotOpen: "열 수 없습니다",
  cannotConvert: "변환할 수 없습니다",
  unexpected: (message) => `생기지 말아야 할 문제가 생겼습니다: ${message}`,
  help: {
    "file-empty": "파일을 다시 내려받거나 복사한 뒤 크기를 확인하세요.",
    "file-truncated": "파일의 끝부분이 없습니다. 다시 내려받거나 복사한 뒤 크기를 비교하세요.",
    "not-a-model":
      "Keras가 저장한 .keras, .h5, .hdf5 파일을 찾으세요. SavedModel 폴더라면 Keras에서 불러와 .keras로 저장하세요.",
    "wrong-format":
      "Keras가 저장한 파일만 읽을 수 있습니다. 다른 프레임워크의 모델이라면 Keras 원본을 찾으세요.",
    "no-model": "모델 파일을 놓거나, 가중치 파일과 구조 .json 파일을 함께 놓으세요.",
    "several-models": "모델을 하나씩 놓으세요.",
    "read-failed": "파일이 그대로 있고 읽을 권한이 있는지 확인한 뒤 다시 놓으세요.",
    hdf5: "파일이 손상되었거나 HDF5가 읽을 수 없는 방식으로 저장되어 있습니다. Keras에서 열어 다시 저장하세요.",
    "dataset-unsupported": "위에 적힌 명령으로 파일을 다시 쓰거나, Keras에서 열어 다시 저장하세요.",
    "config-not-json": "파일 안의 모델 구조가 손상되었습니다. 모델을 다시 저장하세요.",
    "config-invalid":
      "Keras가 쓰는 구조가 아닙니다. 다른 도구가 파일을 바꾸었다면 원본을 사용하세요.",
    "weight-missing": "가중치가 이 구조의 것이 아니거나, 모델이 만들어지기 전에 저장된 파일입니다.",
    "weight-shape": "가중치가 이 구조의 것이 아닙니다. 둘이 같은 모델의 것인지 확인하세요.",
    "weight-dtype": "이 레이어의 가중치가 아닙니다. 파일이 바뀌지 않았는지 확인하세요.",
    "weight-order": "가중치를 구별할 수 있도록 최신 Keras로 모델을 다시 저장하세요.",
    "graph-cycle":
      "구조가 손상되었습니다. Keras는 자기 출력을 입력으로 받는 레이어를 쓰지 않습니다.",
    "architecture-missing":
      "model.to_json()의 JSON과 함께 열거나, 이름을 그대로 두는 PyTorch로 변환하세요.",
    "layer-unsupported":
      "PyTorch로 변환하면 나머지 레이어는 모두 변환되고 이 레이어 자리에는 빈 틀이 들어갑니다. 또는 Keras에서 이 레이어를 바꾼 뒤 다시 저장하세요.",
    "option-invalid": "위에 적힌 옵션을 바꾸세요.",
    "write-failed": "디스크에 공간이 있고 쓸 권한이 있는지 확인하세요.",
    internal: "저희의 실수입니다. 위의 문장과 함께 알려 주세요.",
    "module-unavailable": "연결을 확인한 뒤 페이지를 다시 불러오세요.",
    "worker-failed":
      "브라우저가 작업을 끝냈습니다. 대개 메모리가 모자라서입니다. 다른 탭을 닫고 다시 해 보세요. 폴더에 저장하면 메모리가 가장 적게 듭니다.",
    closed: "모델을 다시 여세요.",
  },
};

/** What the choice of a PyTorch model and the table of its modules say. */
export interface MatchMessages {
  label: string;
  none: string;
  ownFile: string;
  /** `name`: of the chosen file. */
  own(name: string): string;
  title(pairs: number, doubtful: number): string;
  hint: string;
  columns: Record<"layer" | "module" | "certainty" | "reason" | "given", string>;
  nowhere: string;
  nothing: string;
  /** For readers of the screen: of the choice in a row. */
  moduleOf(layer: string): string;
  undo: string;
}

export const matchEn: MatchMessages = {
  label: "Weights for",
  none: "model.py, written here",
  ownFile: "a state_dict of your own (.pt, .safetensors)…",
  own: (name) => `${name} (your state_dict)`,
  title: (pairs, doubtful) =>
    doubtful === 0
      ? `Which layer went where: ${pairs} pairs`
      : `Which layer went where: ${pairs} pairs, ${doubtful} to look at`,
  hint: "What is doubtful comes first. Choose another module where it is wrong: the two change places.",
  columns: {
    layer: "Keras layer",
    module: "PyTorch module",
    certainty: "Certain",
    reason: "Why",
    given: "Is given, in Keras",
  },
  nowhere: "(nowhere)",
  nothing: "(nothing)",
  moduleOf: (layer) => `PyTorch module for ${layer}`,
  undo: "Undo my changes",
};

export const matchKo: MatchMessages = {
  label: "가중치를 넣을 모델",
  none: "여기서 작성하는 model.py",
  ownFile: "내 state_dict (.pt, .safetensors)…",
  own: (name) => `${name} (내 state_dict)`,
  title: (pairs, doubtful) =>
    doubtful === 0 ? `레이어 대응: ${pairs}쌍` : `레이어 대응: ${pairs}쌍, 확인할 것 ${doubtful}개`,
  hint: "확실하지 않은 것이 먼저 나옵니다. 잘못된 곳에서 다른 모듈을 고르면 두 모듈이 서로 바뀝니다.",
  columns: {
    layer: "Keras 레이어",
    module: "PyTorch 모듈",
    certainty: "확실성",
    reason: "근거",
    given: "Keras에서 받는 입력",
  },
  nowhere: "(없음)",
  nothing: "(없음)",
  moduleOf: (layer) => `${layer}의 PyTorch 모듈`,
  undo: "변경 취소",
};

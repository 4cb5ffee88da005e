import { CERTAIN, type MappingRow } from "../../match.js";
import { h } from "../dom.js";
import type { MatchState } from "./match-choice.js";
import type { MatchMessages } from "./messages.js";

/** Which layer goes to which module, to be looked at and corrected. */
export class MappingTable {
  readonly root = h("details", { id: "mapping", hidden: true });

  constructor(
    private readonly state: MatchState,
    private readonly messages: MatchMessages,
    private readonly changed: () => void,
  ) {}

  /** `rows`: of what was planned; none: nothing is matched. */
  show(rows: readonly MappingRow[] | undefined): void {
    this.root.hidden = !rows;
    if (!rows) return;
    const { columns } = this.messages;
    const pairs = rows.filter((row) => row.layer !== null && row.module !== null).length;
    const doubtful = rows.filter((row) => row.certainty < CERTAIN).length;
    const undo = h(
      "button",
      { type: "button", hidden: this.state.mapping.size === 0, onclick: () => this.undo() },
      this.messages.undo,
    );
    this.root.open = this.root.open || doubtful > 0;
    this.root.replaceChildren(
      h("summary", {}, this.messages.title(pairs, doubtful)),
      h("p", {}, this.messages.hint, " ", undo),
      h(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": columns.module },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ...[
                columns.layer,
                columns.module,
                columns.certainty,
                columns.reason,
                columns.given,
              ].map((text) => h("th", { scope: "col" }, text)),
            ),
          ),
          h("tbody", {}, ...rows.map((row) => this.row(row, rows))),
        ),
      ),
    );
  }

  private row(row: MappingRow, rows: readonly MappingRow[]): HTMLElement {
    const module =
      row.layer === null ? h("code", {}, row.module ?? "") : this.moduleOf(row.layer, row, rows);
    return h(
      "tr",
      { class: row.certainty < CERTAIN ? "doubtful" : undefined },
      h("td", {}, row.layer === null ? this.messages.nothing : h("code", {}, row.layer)),
      h("td", {}, module),
      h("td", { class: "number" }, `${Math.round(row.certainty * 100)} %`),
      h("td", {}, row.reason),
      h("td", {}, h("code", {}, row.given ?? "")),
    );
  }

  /** The other modules of its shape are listed when somebody asks for them. */
  private moduleOf(layer: string, row: MappingRow, rows: readonly MappingRow[]): HTMLElement {
    const select = h(
      "select",
      {
        "aria-label": this.messages.moduleOf(layer),
        onchange: (event: Event) => {
          event.stopPropagation();
          this.move(layer, row.module, select.value || null, rows);
        },
      },
      this.option(row.module),
    );
    const fill = () => {
      if (select.options.length > 1) return;
      const others = rows.filter(
        (other) =>
          other.module !== null && other.module !== row.module && isSame(other.shape, row.shape),
      );
      select.append(...others.map((other) => this.option(other.module)));
      if (row.module !== null) select.append(this.option(null));
    };
    select.addEventListener("pointerdown", fill);
    select.addEventListener("focus", fill);
    return select;
  }

  private option(module: string | null): HTMLElement {
    return h("option", { value: module ?? "" }, module ?? this.messages.nowhere);
  }

  /** Who had the module gets the other one. */
  private move(
    layer: string,
    from: string | null,
    to: string | null,
    rows: readonly MappingRow[],
  ): void {
    const holder = rows.find((row) => row.module === to && to !== null)?.layer;
    this.state.mapping.set(layer, to);
    if (holder) this.state.mapping.set(holder, from);
    this.changed();
  }

  private undo(): void {
    this.state.mapping.clear();
    this.changed();
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

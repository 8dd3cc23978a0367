// Which parts are in sight: on a wide screen answer and evidence or tests side by side, on a narrow one a single part,
// with the conversations in a drawer.

export class Layout {
  constructor() {
    this.root = document.body;
    this.tabs = [...document.querySelectorAll("button[data-view]")];
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(tab.dataset.view));
    this.drawerButton = document.getElementById("drawer-button");
    this.drawerButton.addEventListener("click", () => this.#setDrawer(this.root.dataset.drawer !== "open"));
    document.getElementById("drawer-shade").addEventListener("click", () => this.closeDrawer());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.root.dataset.drawer !== "open") return;
      event.preventDefault();
      this.closeDrawer();
      this.drawerButton.focus();
    });
    this.show("evidence");
    this.show("answer");
  }

  // On a wide screen the answer is always there, and "answer" leaves the other side as it is.
  show(view) {
    this.root.dataset.view = view;
    if (view !== "answer") this.root.dataset.side = view;
    for (const tab of this.tabs) {
      const isCurrent = tab.closest(".side-tabs") ? tab.dataset.view === this.root.dataset.side : tab.dataset.view === view;
      tab.setAttribute("aria-pressed", String(isCurrent));
    }
  }

  closeDrawer() {
    this.#setDrawer(false);
  }

  #setDrawer(isOpen) {
    this.root.dataset.drawer = isOpen ? "open" : "closed";
    this.drawerButton.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) document.querySelector("#conversations input").focus();
  }
}

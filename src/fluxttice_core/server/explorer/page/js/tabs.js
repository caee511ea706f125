/** Tabs of the panels. Where there is room, the panel that finds operations stands by itself. */

const WIDE = matchMedia("(min-width: 1100px)");

/** Where the row is wider than a phone, it scrolls until a tab is seen in full; the page itself stays. */
function bringIntoView(tab) {
  const row = tab.parentElement, [box, room] = [tab, row].map((one) => one.getBoundingClientRect());
  row.scrollLeft += Math.min(box.left - room.left, 0) + Math.max(box.right - room.right, 0);
}

/** `main` is the tab that is shown instead of the one that finds, where that stands by itself. */
export function setUpTabs(store, main = "operation") {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const find = document.getElementById("find");

  const shown = () => tabs.filter((tab) => !tab.hidden);

  function update({ tab: wanted }) {
    const alone = WIDE.matches;
    tabs[0].hidden = alone;
    find.setAttribute("role", alone ? "region" : "tabpanel");
    const current = alone && wanted === "find" ? main : wanted;
    for (const tab of tabs) {
      const selected = tab.dataset.tab === current;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      panelOf(tab).hidden = !(selected || (alone && tab === tabs[0]));
      if (selected) bringIntoView(tab);
    }
  }

  for (const tab of tabs) {
    tab.addEventListener("click", () => store.set({ tab: tab.dataset.tab }));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      const among = shown();
      const next = among[(among.indexOf(tab) + step + among.length) % among.length];
      store.set({ tab: next.dataset.tab });
      next.focus();
    });
  }
  WIDE.addEventListener("change", () => update(store.state));
  store.watch(["tab"], update);
}

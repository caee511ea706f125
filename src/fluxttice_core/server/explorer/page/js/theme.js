/** Light and dark: as the system has it, unless the reader chose. */

const KEPT = "fluxttice-theme";

export function setUpTheme(store, button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const current = () => localStorage.getItem(KEPT) ?? (dark.matches ? "dark" : "light");
  const apply = () => {
    const theme = current();
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", theme === "dark" ? "Use light colours" : "Use dark colours");
    store.set({ theme });
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEPT, current() === "dark" ? "light" : "dark");
    apply();
  });
  dark.addEventListener("change", apply);
  apply();
}

// Keys of every page: ↑ ↓ walk the rows (Enter follows the focused link), / goes to search, ? lists the keys,
// and a letter works what carries it in data-key.
const rows = () => [...document.querySelectorAll("tr[data-row] a.to")];
const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

function walk(step) {
  const links = rows();
  if (!links.length) return false;
  const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const chosen = links.findIndex((link) => link.closest("tr").classList.contains("chosen"));
  const from = here >= 0 ? here : chosen;
  const next = from < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(from + step, 0), links.length - 1);
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const keys = document.getElementById("keys");
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (typing(event.target) || keys?.open) return;
  let done = true;
  if (event.key === "ArrowDown") done = walk(1);
  else if (event.key === "ArrowUp") done = walk(-1);
  else if (event.key === "/") document.getElementById("search")?.focus();
  else if (event.key === "?") keys?.showModal();
  else {
    const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!target) return;
    target.dataset.focus === undefined ? target.click() : target.focus();
  }
  if (done) event.preventDefault();
});

document.getElementById("open-keys")?.addEventListener("click", () => document.getElementById("keys").showModal());
// a filter that changes asks at once; without this script the button does it
for (const form of document.querySelectorAll("form[data-at-once]")) {
  form.addEventListener("change", (event) => event.target.matches("select") && form.requestSubmit());
}
// what must not be sent twice
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", (event) => event.persisted && location.reload());

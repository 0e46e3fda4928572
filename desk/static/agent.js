// The workbench: the field that an answer is typed into has the cursor, also after a part of the page was exchanged, and
// an answer is sent once.
const field = () => document.querySelector("#answer [autofocus]");

document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement === document.body) field()?.focus();
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("#bench")) return;
  if (form.dataset.away) event.preventDefault();
  form.dataset.away = "yes";
});
field()?.focus();

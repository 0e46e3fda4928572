// Dark or light as the machine is set, before the first paint.
{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  dark.addEventListener("change", paint);
  paint();
}

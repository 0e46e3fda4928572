// The player's picture: both channels, the items as bands, a line where we are. Every jump is told to the desk.
const player = document.getElementById("player");
const sound = document.getElementById("sound");
const canvas = document.getElementById("wave");
const marks = [...player.querySelectorAll("[data-begins]")];
const base = player.dataset.base;
let shape = null;
let seconds = Number(player.dataset.seconds);

function draw() {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  const colours = getComputedStyle(player);
  const ink = colours.color;
  pen.clearRect(0, 0, width, height);
  if (!seconds) return;
  const across = (ms) => (ms / 1000 / seconds) * width;
  marks.forEach((mark, n) => {
    pen.globalAlpha = n % 2 ? 0.06 : 0.12;
    pen.fillStyle = ink;
    pen.fillRect(across(mark.dataset.begins), 0, Math.max(1, across(mark.dataset.until - mark.dataset.begins)), height);
  });
  pen.globalAlpha = 1;
  const rows = shape ? shape.channels : [];
  rows.forEach((peaks, row) => {
    const middle = (height / rows.length) * (row + 0.5);
    const reach = height / rows.length / 2 - 2;
    pen.fillStyle = row ? "#2f9e44" : "#1971c2";
    peaks.forEach((peak, n) => {
      const tall = Math.max(1, (peak / 100) * reach);
      pen.fillRect((n / peaks.length) * width, middle - tall, Math.max(1, width / peaks.length - 0.4), tall * 2);
    });
  });
  pen.fillStyle = "#c92a2a";
  pen.fillRect((sound.currentTime / seconds) * width, 0, 2, height);
}

function follow() {
  const ms = sound.currentTime * 1000;
  for (const mark of marks) {
    mark.parentElement.classList.toggle("now", ms >= Number(mark.dataset.begins) && ms < Number(mark.dataset.until));
  }
  draw();
}

async function jumped() {
  const body = new URLSearchParams({ csrf: player.dataset.csrf, to_ms: String(Math.round(sound.currentTime * 1000)) });
  const answer = await fetch(`${base}/seeks`, { method: "POST", body });
  if (!answer.ok) ended();
}

function ended() {
  sound.pause();
  sound.removeAttribute("src");
  sound.load();
  const told = document.getElementById("told");
  told.textContent = told.dataset.ended;
  told.classList.add("red");
}

function goTo(ms) {
  sound.currentTime = ms / 1000;
  sound.play();
}

for (const mark of marks) mark.addEventListener("click", () => goTo(Number(mark.dataset.begins)));
canvas.addEventListener("click", (event) => {
  const box = canvas.getBoundingClientRect();
  if (seconds) goTo(((event.clientX - box.left) / box.width) * seconds * 1000);
});
sound.addEventListener("seeked", jumped);
sound.addEventListener("timeupdate", follow);
sound.addEventListener("error", () => sound.getAttribute("src") && ended());
sound.addEventListener("contextmenu", (event) => event.preventDefault());

fetch(`${base}/shape`)
  .then((answer) => (answer.ok ? answer.json() : null))
  .then((given) => {
    shape = given;
    if (given) seconds = given.seconds;
    draw();
  });

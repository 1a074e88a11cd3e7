// The share form beside the player: takes the moment of the picture that is shown as a border of what is shared.
const player = document.getElementById("player");
const row = document.querySelector("[data-trim]");

if (player && row) {
  row.hidden = false;
  row.addEventListener("click", (event) => {
    const button = event.target.closest("[data-trim-to]");
    const reel = player.player?.reel;
    if (!button || !reel) return;
    document.getElementById(button.dataset.trimTo).value = (reel.wallS - reel.startS).toFixed(1);
  });
}

/**
 * The pages' only script: moments in the reader's own time zone, and a wait that counts down. Without it the page says
 * the same in UTC.
 */
export const pageScript = `
for (const time of document.querySelectorAll("time")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const day = { year: "numeric", month: "short", day: "numeric" };
  const clock = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  time.textContent = at.toLocaleString("en-GB", time.dataset.clock === undefined ? { ...day, ...clock } : { ...clock, second: "2-digit" });
}
const wait = document.querySelector("[data-wait]");
if (wait !== null) {
  const until = Date.now() + Number(wait.dataset.wait) * 1000;
  const button = document.querySelector("button");
  const tick = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    if (seconds > 0) {
      const minutes = Math.floor(seconds / 60);
      wait.textContent = minutes > 0 ? "in " + minutes + ":" + String(seconds % 60).padStart(2, "0") + " minutes" : seconds === 1 ? "in 1 second" : "in " + seconds + " seconds";
      setTimeout(tick, 200);
    } else wait.parentElement.textContent = "You can try again now.";
    button.disabled = seconds > 0;
  };
  tick();
}
`;

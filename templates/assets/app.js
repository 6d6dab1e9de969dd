// What the pages gain where scripts run; each works without it.

document.querySelector(".error-summary")?.focus();

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const showLabel = button.textContent;
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hideLabel : showLabel;
  };
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers offer to keep a password, or to fill it in again, only when the field is one.
  input.form?.addEventListener("submit", () => show(false));
  button.hidden = false;
}

const sent = new Set();

const release = () => {
  for (const form of sent) {
    for (const button of form.querySelectorAll("[type=submit]")) button.removeAttribute("aria-disabled");
  }
  sent.clear();
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  for (const button of form.querySelectorAll("[type=submit]")) button.setAttribute("aria-disabled", "true");
  // A person who stops the loading page must be able to try again.
  setTimeout(release, 10_000);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) release();
});

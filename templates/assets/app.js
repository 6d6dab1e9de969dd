// Improvements for browsers with scripts. Every page works without them.

document.querySelector(".error-summary")?.focus();

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const showLabel = button.textContent;
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hideLabel : showLabel;
  };
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers offer to store or fill in a password only if the field has that type.
  input.form?.addEventListener("submit", () => show(false));
  button.hidden = false;
}

// The menu closes when the person leaves it.
const menu = document.querySelector(".menu");

menu?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

if (menu) {
  const close = (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  };
  document.addEventListener("click", close);
  document.addEventListener("focusin", close);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
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
  // If the person stops the page from loading, they must be able to try again.
  setTimeout(release, 10_000);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) release();
});

// The page moves on by itself once the address is confirmed, perhaps in another browser.
const poll = document.querySelector("[data-poll]");

if (poll) {
  const until = Date.now() + 30 * 60_000;
  const look = async () => {
    if (Date.now() > until) return false;
    if (document.hidden) return true;
    const answer = await fetch(poll.dataset.poll, {
      headers: { accept: "application/json" },
      redirect: "error",
    });
    if (!answer.ok) return false;
    const { confirmed } = await answer.json();
    // A reload could send a form again: this page may be the answer to one.
    if (confirmed) location.replace(poll.dataset.next);
    return !confirmed;
  };
  const again = async () => {
    const goesOn = await look().catch(() => false);
    if (goesOn) setTimeout(again, 3000);
    else poll.hidden = true;
  };
  setTimeout(again, 3000);
  poll.hidden = false;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  // Only a page loaded over TLS may write to the clipboard.
  if (!navigator.clipboard) continue;
  const status = button.parentElement.querySelector("[role=status]");
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent.replaceAll(/\s/g, "");
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    status.textContent = copied ? button.dataset.copied : button.dataset.failed;
  });
  button.hidden = false;
}

const rules = document.querySelector("[data-rules]");

if (rules) {
  const input = document.getElementById(rules.dataset.rules);
  const summary = document.querySelector("[data-rules-met]");
  const items = Array.from(rules.querySelectorAll("[data-pattern]"), (item) => ({
    item,
    pattern: new RegExp(item.dataset.pattern, "u"),
    state: item.querySelector("[data-met]"),
  }));
  const tick = () => {
    let all = true;
    for (const { item, pattern, state } of items) {
      const met = input.value !== "" && pattern.test(input.value);
      item.classList.toggle("met", met);
      state.textContent = met ? state.dataset.met : state.dataset.unmet;
      all &&= met;
    }
    return all;
  };
  // Screen readers read it when typing pauses, not after every key.
  let pause;
  input.addEventListener("input", () => {
    const all = tick();
    clearTimeout(pause);
    pause = setTimeout(() => {
      summary.textContent = input.value === "" ? "" : all ? summary.dataset.all : summary.dataset.some;
    }, 1000);
  });
  if (items.length > 0) {
    rules.classList.add("rules-live");
    tick();
  }
}

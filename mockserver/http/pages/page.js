// Fills in the address under which the reader sees this page, also behind a proxy, and lets lines be copied.
addEventListener("DOMContentLoaded", () => {
  const served = document.querySelector("main").dataset.base, seen = new URL(".", location.href).href.replace(/\/$/, "");
  for (const code of document.querySelectorAll("code.address")) code.textContent = code.textContent.replace(served, seen);
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }
});

"use strict";
// Everything here only adds comfort; the page says the same without it.

for (const field of document.querySelectorAll(".filter")) {
  const box = field.closest(".table");
  const rows = [...box.querySelectorAll("tbody tr")];
  const status = box.querySelector(".status");
  field.hidden = false;
  field.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLocaleLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
    const shown = rows.filter((row) => !row.hidden).length;
    status.textContent = wanted ? `${shown} of ${rows.length} rows` : "";
  });
}

const large = document.getElementById("large");
for (const button of document.querySelectorAll("button.enlarge")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const picture = button.closest("figure").querySelector("img");
    const copy = large.querySelector("img");
    copy.src = picture.src;
    copy.alt = picture.alt;
    large.showModal();
  });
}

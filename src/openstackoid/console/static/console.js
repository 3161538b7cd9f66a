// SPDX-License-Identifier: Apache-2.0
// A button that copies, beside each text that is to be copied. Without this script, the texts are selected by hand.
(function () {
  "use strict";
  function add(root) {
    root.querySelectorAll("pre[data-copy]:not([data-ready])").forEach(function (text) {
      text.setAttribute("data-ready", "");
      var button = document.createElement("button");
      var title = document.getElementById(text.id + "-title");
      button.type = "button";
      button.className = "quiet";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy: " + title.textContent);
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(text.textContent).then(
          function () { button.textContent = "Copied"; },
          function () { button.textContent = "Select the text, and copy it"; }
        );
      });
      title.parentNode.appendChild(button);
    });
  }
  if (navigator.clipboard) {
    add(document);
    document.addEventListener("htmx:afterSettle", function () { add(document); });
  }
})();

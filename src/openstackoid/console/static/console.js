// SPDX-License-Identifier: Apache-2.0
// A view that renews itself keeps focus, scroll position and selection, and a screen reader speaks its verdict when that changes.
// A button that copies, beside each text that is to be copied. Without this script, the texts are selected by hand.
(function () {
  "use strict";
  var region = document.getElementById("said");
  var said = verdict();

  function verdict() {
    return Array.from(document.querySelectorAll("[data-say]"), function (part) {
      var copy = part.cloneNode(true);
      copy.querySelectorAll("[aria-hidden]").forEach(function (sign) { sign.remove(); });
      return copy.textContent.replace(/\s+/g, " ").trim();
    }).join(" ");
  }

  function say(text, look) {
    region.className = look;
    if (text !== said) {
      said = text;
      region.textContent = text;
    }
  }

  function lost(event) {
    var status = event.detail.xhr.status;
    say("This page is not renewed: the console " + (status ? "answers " + status : "does not answer") + ".", "note s-warning");
  }

  function renewChildren(old, fresh, added) {
    var children = Array.from(fresh.childNodes);
    if (old.childNodes.length !== children.length) {
      old.replaceChildren.apply(old, children);
      added.push.apply(added, children);
    } else {
      Array.from(old.childNodes).forEach(function (child, number) { renew(child, children[number], added); });
    }
  }

  // Change only the parts of an element that differ. An element with another id is another one.
  function renew(old, fresh, added) {
    if (old.isEqualNode(fresh)) {
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
      old.replaceWith(fresh);
      added.push(fresh);
      return;
    }
    Array.from(old.attributes).forEach(function (one) {
      if (!fresh.hasAttribute(one.name)) {
        old.removeAttribute(one.name);
      }
    });
    Array.from(fresh.attributes).forEach(function (one) {
      if (old.getAttribute(one.name) !== one.value) {
        old.setAttribute(one.name, one.value);
      }
    });
    renewChildren(old, fresh, added);
  }

  if (window.htmx) {
    htmx.defineExtension("renew", {
      handleSwap: function (style, target, fragment) {
        var focused = document.activeElement, added = [];
        var inside = target.contains(focused);
        if (style !== "renew") {
          return false;
        }
        if (fragment.firstElementChild) {
          renewChildren(target, fragment.firstElementChild, added);
        }
        if (inside && !focused.isConnected) {
          // The same link of the new page; else the beginning of the view, not that of the page.
          (focused.id && document.getElementById(focused.id) || document.getElementById("view")).focus({preventScroll: true});
        }
        return added;
      }
    });
    document.addEventListener("htmx:afterSettle", function () { say(verdict(), "unseen"); });
    document.addEventListener("htmx:sendError", lost);
    document.addEventListener("htmx:responseError", lost);
  }

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

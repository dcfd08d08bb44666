// Before the page's modules run, an Enter would be lost: it is kept for them. No module itself: it must not wait.
addEventListener("keydown", ({ key, shiftKey, target }) => {
  if (key === "Enter" && target === document.body) document.documentElement.dataset["early"] = shiftKey ? "look" : "read";
});

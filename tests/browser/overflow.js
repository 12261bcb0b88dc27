// Everything that reaches out of the window at its right, and is not in a part that scrolls by itself.
() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element.closest(".scroll") && element.closest(".scroll") !== element;
  const wide = [...document.body.querySelectorAll("*")].filter(
    (element) => element.getBoundingClientRect().right > width + 0.5 && !scrolls(element)
  );
  const names = wide.map((element) => `${element.tagName}.${element.className.baseVal ?? element.className}`);
  return document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} wide`, ...names] : names;
}

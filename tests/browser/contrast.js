// Every visible text whose contrast to what lies behind it is below WCAG 2.1's bound for its size.
() => {
  const channel = (value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const colour = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, alpha = 1] = colour(getComputedStyle(each).backgroundColor);
      if (alpha > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.tagName === "TITLE" || element.tagName === "title") continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ink = colour(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const measured = ratio(ink, behind(element));
    if (measured < (large ? 3 : 4.5)) found.push(`${texts.currentNode.data.trim().slice(0, 40)}: ${measured.toFixed(2)}`);
  }
  for (const mark of document.querySelectorAll("figure polyline, figure circle, svg.cell rect:not(.rail)")) {
    const style = getComputedStyle(mark);
    const drawn = colour(style.fill === "none" ? style.stroke : style.fill);
    const measured = ratio(drawn, behind(mark));
    if (measured < 3) found.push(`${mark.tagName}.${mark.getAttribute("class")}: ${measured.toFixed(2)}`);
  }
  return found;
}

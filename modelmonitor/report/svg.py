"""SVG as values: an element is text that is already escaped; nothing here knows what is drawn."""

from __future__ import annotations

from markupsafe import Markup, escape

Point = tuple[float, float]


def element(name: str, *children: Markup | str, **attributes: str | float) -> Markup:
    """One SVG element; children and attribute values are escaped, `_` in attribute names becomes `-`.

    A trailing underscore keeps Python's reserved words usable: `class_` becomes `class`.
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _value(value))
        for key, value in attributes.items()
    )
    content = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, content)  # noqa: S704 - name is a literal


def picture(identity: str, title: str, *children: Markup, size: Point) -> Markup:
    """A figure that assistive technology reads as one image with the given title.

    Args:
        identity: unique in the page; the title's id is made of it.
        title: what the picture says, in a sentence.
        children: elements inside.
        size: width and height of the coordinate system, in px at natural size.
    """
    named = f"{identity}-title"
    return element(
        "svg",
        element("title", title, id=named),
        *children,
        viewBox=f"0 0 {_value(size[0])} {_value(size[1])}",
        role="img",
        aria_labelledby=named,
    )


def rectangle(corner: Point, size: Point, *, kind: str) -> Markup:
    """A filled rectangle from its upper left corner; `kind` is the CSS class that colours it."""
    (x, y), (width, height) = corner, size
    return element("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=kind)


def line(start: Point, end: Point, *, kind: str) -> Markup:
    """A straight line; `kind` is the CSS class that colours it."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=kind)


def label(place: Point, text: str, *, anchor: str = "start") -> Markup:
    """Text at a point; anchor is start, middle or end."""
    return element("text", text, x=place[0], y=place[1], text_anchor=anchor, class_="tick")


def dot(centre: Point, *, kind: str) -> Markup:
    """A small filled circle."""
    return element("circle", cx=centre[0], cy=centre[1], r=2.4, class_=kind)


def polyline(points: list[Point], *, kind: str) -> Markup:
    """A line through the points, in order."""
    return element("polyline", points=_listed(points), class_=kind)


def polygon(points: list[Point], *, kind: str) -> Markup:
    """A filled shape whose border goes through the points, in order, and back to the first."""
    return element("polygon", points=_listed(points), class_=kind)


def _listed(points: list[Point]) -> str:
    return " ".join(f"{_value(x)},{_value(y)}" for x, y in points)


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")

# SPDX-License-Identifier: MIT
"""A flame graph in one SVG file: no style, script or font from elsewhere.

The width of a frame is its share of the instructions, what it calls stands on
top of it.  Without a script it shows names and, in titles, figures; with one a
click shows a frame and what it calls alone.
"""

from xml.sax.saxutils import escape, quoteattr

_WIDTH, _ROW, _MARGIN, _HEAD = 1400, 17, 10, 58
_CHAR = 6.8
# Narrower frames cannot be seen; the folded stacks have them all.
_MIN = 0.3

# Colours of what the frames belong to: kind, hue and saturation, words.
_COLOURS = (("kernel", "30,75%", "kernel"), ("module", "4,80%", "vfio_ccw"),
            ("modules", "48,80%", "other modules"), ("program", "205,70%", "program"),
            ("library", "130,40%", "libraries"))

_STYLE = """
text { font: 11px monospace; pointer-events: none; }
.head { font: bold 15px sans-serif; }
.note { font: 12px sans-serif; }
.f { cursor: pointer; }
.f:hover rect { stroke: #000; }
.off { opacity: 0.45; }
"""

# Each frame: data-x and data-w in shares of the whole width, data-y its row.
_SCRIPT = """
var MARGIN = %d, SPAN = %d, CHAR = %g, MIN = %g;
var frames = Array.from(document.querySelectorAll('.f'));
function part(frame, name) { return parseFloat(frame.getAttribute(name)); }
function place(frame, left, width) {
	var rect = frame.querySelector('rect'), text = frame.querySelector('text');
	var x = Math.max(MARGIN, MARGIN + left), end = Math.min(MARGIN + SPAN, MARGIN + left + width);
	var name = frame.getAttribute('data-n'), room = Math.floor((end - x - 4) / CHAR);
	frame.style.display = end - x < MIN ? 'none' : '';
	rect.setAttribute('x', x);
	rect.setAttribute('width', Math.max(0, end - x));
	text.setAttribute('x', x + 3);
	text.textContent = room < 3 ? '' : name.length <= room ? name : name.slice(0, room - 2) + '..';
}
function show(chosen) {
	var left = part(chosen, 'data-x'), share = part(chosen, 'data-w');
	frames.forEach(function (frame) {
		var x = (part(frame, 'data-x') - left) / share * SPAN, w = part(frame, 'data-w') / share * SPAN;
		place(frame, x, w);
		frame.classList.toggle('off', part(frame, 'data-y') < part(chosen, 'data-y') && w > SPAN);
	});
}
frames.forEach(function (frame) {
	frame.addEventListener('click', function () { show(frame); });
});
"""


def _kind(obj):
    """Which of _COLOURS an object has."""
    if obj in ("kernel", "lowcore", ""):
        return "kernel"
    if obj == "vfio_ccw":
        return "module"
    return "library" if ".so" in obj or obj == "vdso" else "program"


def _fill(frame, modules):
    kind = "modules" if frame.object in modules else _kind(frame.object)
    colour = next(colour for name, colour, _ in _COLOURS if name == kind)
    # Neighbours differ a little; the same name always looks the same.
    light = 66 + sum(frame.name.encode()) % 14
    return "hsl(%s,%d%%)" % (colour, light)


def _label(name, width):
    room = int((width - 4) / _CHAR)
    if room < 3:
        return ""
    return name if len(name) <= room else name[:room - 2] + ".."


class _Graph:
    def __init__(self, root, ios, modules):
        self._root = root
        self._ios = ios
        self._modules = modules
        self._scale = (_WIDTH - 2 * _MARGIN) / root.whole
        self._lines = []
        self._depth = self._depth_of(root)

    def _depth_of(self, frame):
        shown = [f for f in frame.above() if f.whole * self._scale >= _MIN]
        return 1 + max(map(self._depth_of, shown), default=0)

    @property
    def height(self):
        return _HEAD + self._depth * _ROW + _MARGIN

    def _title(self, frame):
        share = 100 * frame.whole / self._root.whole
        text = "%s\n%s insns/IO, %.2f %%" % (
            frame.name, format(frame.whole / self._ios, ",.1f"), share)
        if frame.own:
            text += "\nof its own: %s insns/IO" % format(frame.own / self._ios, ",.1f")
        return text + ("\nin " + frame.object if frame.object else "")

    def _draw(self, frame, start, row):
        x, width = _MARGIN + start * self._scale, frame.whole * self._scale
        y = self.height - _MARGIN - (row + 1) * _ROW
        whole = self._root.whole
        self._lines.append(
            '<g class="f" data-x="%.7g" data-w="%.7g" data-y="%d" data-n=%s><title>%s</title>'
            '<rect x="%.2f" y="%d" width="%.2f" height="%d" rx="1" fill="%s"/>'
            '<text x="%.2f" y="%d">%s</text></g>' % (
                start / whole, frame.whole / whole, row, quoteattr(frame.name),
                escape(self._title(frame)), x, y, width, _ROW - 1,
                _fill(frame, self._modules), x + 3, y + 12, escape(_label(frame.name, width))))
        for above in frame.above():
            if above.whole * self._scale >= _MIN:
                self._draw(above, start, row + 1)
            start += above.whole

    def lines(self):
        self._draw(self._root, 0, 0)
        return self._lines


def _legend():
    x = _MARGIN
    for _, colour, name in _COLOURS:
        yield '<rect x="%d" y="32" width="12" height="12" fill="hsl(%s,70%%)"/>' % (x, colour)
        yield '<text class="note" x="%d" y="42">%s</text>' % (x + 17, escape(name))
        x += 40 + 7 * len(name)


def render(root, ios, title, modules):
    """root: a Frame; modules: names of kernel modules other than vfio_ccw."""
    graph = _Graph(root, ios, modules)
    script = _SCRIPT % (_MARGIN, _WIDTH - 2 * _MARGIN, _CHAR, _MIN)
    head = "%s: %s instructions an I/O" % (title, format(root.whole / ios, ",.1f"))
    return "\n".join([
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">' % (
            _WIDTH, graph.height, _WIDTH, graph.height),
        "<style>%s</style>" % _STYLE,
        '<rect width="100%" height="100%" fill="#fdfdfb"/>',
        '<text class="head" x="%d" y="22">%s</text>' % (_MARGIN, escape(head)),
        *_legend(), *graph.lines(),
        "<script><![CDATA[%s]]></script>" % script, "</svg>", ""])

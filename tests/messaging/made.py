"""What tests of conversations share: presentation states, and words that must arrive as they were written."""

from typing import Any

from viewer.models import Study


def pane(study: Study, **more: Any) -> dict[str, Any]:
    """Return a pane that shows a frame of `study`."""
    source = {
        "kind": "stack", "archive": study.archive.name, "study": study.uid, "series": f"{study.uid}.1",
        "stack": "0", "instance": f"{study.uid}.1.7", "frame": 1,
    }  # fmt: skip
    look = {
        "voi": {"center": -600.0, "width": 1500.0, "function": "LINEAR"}, "invert": False, "colormap": None,
        "overlay": True, "shutter": True, "rotation": 90, "flip_horizontal": True, "flip_vertical": False,
        "center": [10.5, 20.25], "scale": {"fit": 2.0}, "text": "all",
    }  # fmt: skip
    return {"source": source, **look, **more}


def view(*panes: dict[str, Any] | None, active: int = 0) -> dict[str, Any]:
    """Return a presentation state of a row of panes."""
    links = dict.fromkeys(("scroll", "across", "pan", "zoom", "window"), False)
    layout = {"rows": 1, "columns": len(panes)}
    return {"version": 2, "layout": layout, "active": active, "panes": list(panes), "links": links}


# ASCII, signs of measurement, other scripts and directions, combining marks, joined emoji, and what a hand types.
PRINTABLE = "".join(map(chr, range(32, 127)))
LATIN = "".join(map(chr, range(0xA1, 0x180)))
CLINICAL = LATIN + (
    "≤≥<>±µμ°²³¹⁰⁻½¼×÷≈≠∅∑√∆→←↑↓↔⇒′″‰€£§¶†‡•…–—‘’“”«»"
    "ÅÄÖåäöØøÆæÜüßÉéÈèÇçÑñŁłŞşĞğİıŐőČčŘřŽžĐđÞþÐðŒœ"
    "αβγδεηθλμνπρστφχψωΑΒΓΔΩ"
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"
    "אבגדהוזחטיכלמנסעפצקרשת\u200e\u200f"
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي٠١٢٣٤٥٦٧٨٩"
    "कखगघचछजटडणतथदधनपफबमयरलवशसह"
    "山田太郎肺結節影陽性左右上葉下葉胸部痛咳嗽血発熱"
    "あいうえおかきくけこさしすせそアイウエオカキクケコサシスセソ"
    "가나다라마바사아자차카타파하폐결절"
    "👍🫁🩻❤️👩‍⚕️🇸🇪"
    "e\u0301a\u0308o\u0302\u200b\u200d\u00a0\u2028\u2029\ufeff\u202e\u2066\u2069"
)
HOSTILE = [
    "<script>window.__pwned = 1</script>",
    '<img src=x onerror="window.__pwned = 1">',
    "<svg/onload=window.__pwned=1>",
    "javascript:window.__pwned=1",
    "{{ 7*7 }} {% debug %} ${7*7} `window.__pwned=1`",
    "'; DROP TABLE messaging_message; --",
    "https://evil.example/?q=1 <a href='https://evil.example'>click</a>",
    "\u202egnihton fo thgir",
    "&lt;b&gt; &amp; &#x3c;",
    "<50% stenosis",
    "]]></textarea></bdi></p><iframe src=//evil.example>",
    "-->\r\n<!-- a\tb  c \n\n d ",
]
KEPT = [PRINTABLE, CLINICAL, *HOSTILE, "  leading and trailing  ", "\n", "\x01\x07\x1b[31m", "x" * 8000]

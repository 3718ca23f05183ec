"""The configuration of a demo: its file, its keys, its books."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from string import Template

from dispatch.config.secrets import make_key
from dispatch.config.starting import Start
from dispatch.demo.drawing.album import draw_covers

HERE = Path(__file__).parent
NEWSLETTER = "review"

_MAGAZINE = """
[newsletters.review.sections]
Essay = ["Essay"]
Books = ["Books"]
Dispatch = ["Dispatch"]
Poem = ["Poem"]

[books]
file = "books.toml"
"""


def write_configuration(folder: Path, start: Start, *, public_url: str, first_number: int, magazine: bool) -> Path:
    """Write config.toml with everything it names into `folder`, and return its path.

    With `magazine` it has the sections and the books of the sample magazine too.
    """
    values = asdict(start) | {"public_url": public_url, "first_number": first_number}
    values["sender"] = start.sender or start.default_sender
    # A JSON string, number or boolean is a TOML one too.
    texts = {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
    template = Template((HERE / "config.template.toml").read_text(encoding="utf-8"))
    config = folder / "config.toml"
    config.write_text(template.substitute(texts) + (_MAGAZINE if magazine else ""), encoding="utf-8")
    for key in ("address.key", "token.key"):
        make_key(folder / "keys" / key)
    if magazine:
        shutil.copy(HERE / "books.toml", folder)
        draw_covers(folder / "covers")
    (folder / "media").mkdir(exist_ok=True)
    return config

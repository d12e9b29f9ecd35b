"""EPUBs: good ones, broken ones, and those that were made to do harm."""

import io
import stat
import struct
import tracemalloc
import zipfile
from typing import Any

import pytest

from spotscribe_common.errors import InvalidRequestError, ServiceError, UploadTooLargeError
from spotscribe_speech.text import limits
from spotscribe_speech.text.plan import Plan
from spotscribe_speech.text.read import read_document

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"""
XHTML = "application/xhtml+xml"


def opf(items: dict[str, str], *, spine: str | None = None, nav: str = "nav", toc: str = "") -> str:
    manifest = "".join(
        f'<item id="{id_}" href="{href}" media-type="{"application/x-dtbncx+xml" if id_ == "ncx" else XHTML}"'
        f"{' properties=' + chr(34) + 'nav' + chr(34) if id_ == nav else ''}/>"
        for id_, href in items.items()
    )
    refs = (
        spine
        if spine is not None
        else "".join(f'<itemref idref="{id_}"/>' for id_ in items if id_ not in {nav, "ncx"})
    )
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>Alice</dc:title><dc:creator>Lewis Carroll</dc:creator></metadata>"
        f"<manifest>{manifest}</manifest><spine{toc}>{refs}</spine></package>"
    )


def page(body: str, doctype: str = "<!DOCTYPE html>") -> str:
    return f'{doctype}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{body}</body></html>'


def nav(*entries: tuple[str, str]) -> str:
    links = "".join(f'<li><a href="{href}">{title}</a></li>' for href, title in entries)
    toc = f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>{links}</ol></nav>'
    return page(f'{toc}<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="landmarks"><ol>'
                '<li><a href="one.xhtml#x">Start</a></li></ol></nav>')  # fmt: skip


ITEMS = {"nav": "nav.xhtml", "one": "one.xhtml", "two": "two.xhtml"}
GOOD: dict[str, str | bytes] = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": opf(ITEMS),
    "OEBPS/nav.xhtml": nav(("one.xhtml", "Down the Rabbit-Hole"), ("two.xhtml#b", "The Pool")),
    "OEBPS/one.xhtml": page(
        '<h1>I</h1><p>Alice was&nbsp;tired<a epub:type="noteref" xmlns:epub="e">1</a>.</p>'
        "<script>x()</script>"
        '<div>Oh <em>dear</em>!<br/>Late.</div><img src="a.png"/><table><tr><td>cell</td></tr></table>'
    ),
    "OEBPS/two.xhtml": page('<p>Still one.</p><h1 id="b">II</h1><p>Curiouser &amp; curiouser!</p>'),
}


def packed(files: dict[str, Any], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out


def read(files: dict[str, Any] | io.BytesIO) -> Plan:
    file = files if isinstance(files, io.BytesIO) else packed(files)
    return read_document(file, text_format=None, media_type="application/epub+zip", language="en")


def chapters(plan: Plan) -> list[tuple[str | None, list[str]]]:
    return [(chapter.title, [sentence.text for sentence in chapter.sentences]) for chapter in plan.chapters]


def test_a_book() -> None:
    plan = read(GOOD)
    assert (plan.title, plan.author) == ("Alice", "Lewis Carroll")
    assert chapters(plan) == [
        ("Down the Rabbit-Hole", ["I", "Alice was tired.", "Oh dear!", "Late.", "Still one."]),
        ("The Pool", ["two", "Curiouser and curiouser!"]),
    ]
    assert set(plan.left_out) == {"Not spoken: an image.", "Not spoken: a table."}
    spoken = ["I", "Alice was tired.", "Oh dear! Late.", "Still one.", "II", "Curiouser & curiouser!"]
    assert plan.characters == sum(len(text) + 1 for text in spoken)


def test_the_old_table_of_contents() -> None:
    ncx = (
        '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://127.0.0.1:9/ncx.dtd">'
        "<ncx><docTitle><text>Alice</text></docTitle><navMap>"
        "<navPoint><navLabel><text>First</text></navLabel>"
        '<content src="one.xhtml"/><navPoint><navLabel><text>Second</text></navLabel>'
        '<content src="two.xhtml"/></navPoint></navPoint></navMap></ncx>'
    )
    items = {"ncx": "toc.ncx", "one": "one.xhtml", "two": "two.xhtml"}
    files = {**GOOD, "OEBPS/book.opf": opf(items, toc=' toc="ncx"'), "OEBPS/toc.ncx": ncx}
    assert [title for title, _ in chapters(read(files))] == ["First", "Second"]


def test_without_contents_each_file_is_a_chapter() -> None:
    files = {**GOOD, "OEBPS/book.opf": opf({"one": "one.xhtml", "two": "two.xhtml"})}
    assert [title for title, _ in chapters(read(files))] == ["I", None]


def test_a_doctype_of_xhtml_is_accepted_and_never_loaded() -> None:
    doctype = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://127.0.0.1:9/xhtml11.dtd">'
    files = {**GOOD, "OEBPS/one.xhtml": page("<p>caf&eacute;&nbsp;here.</p>", doctype)}
    assert chapters(read(files))[0][1][0] == "café here."


def test_missing_and_repeated_files() -> None:
    refs = '<itemref idref="one"/>' * 500 + '<itemref idref="gone"/><itemref idref="lost"/>'
    refs += '<itemref idref="two" linear="no"/>'
    plan = read({**GOOD, "OEBPS/book.opf": opf({**ITEMS, "lost": "lost.xhtml"}, spine=refs)})
    assert [len(texts) for _, texts in chapters(plan)] == [4]
    assert "Not spoken: a file that the EPUB names and does not have (2 times)." in plan.left_out
    assert "Not spoken: a file that is not part of the book's order." in plan.left_out


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"META-INF/container.xml": None}, "no EPUB: it has no META-INF/container.xml"),
        ({"OEBPS/book.opf": None}, "names no package document"),
        ({"OEBPS/book.opf": "<package>"}, "not well-formed"),
        ({"META-INF/container.xml": CONTAINER.replace("OEBPS/", "../../etc/")}, "which is not in it"),
        ({"META-INF/container.xml": CONTAINER.replace("OEBPS/", "/etc/")}, "which is not in it"),
        ({"OEBPS/book.opf": opf({**ITEMS, "out": "../../../etc/passwd"})}, "passwd', which is not in it"),
        ({"OEBPS/book.opf": opf({**ITEMS, "out": "%2e%2e/%2e%2e/x"})}, "which is not in it"),
        ({"OEBPS/book.opf": opf({**ITEMS, "out": "http://127.0.0.1/x"})}, "which is not in it"),
        ({"OEBPS/one.xhtml": "<html><body><p>"}, "one.xhtml in the EPUB, line 1: it is not well-formed"),
        ({"OEBPS/one.xhtml": page("a", '<!DOCTYPE html [<!ENTITY a "b">]>')}, "entity"),
        ({"OEBPS/one.xhtml": page("&x;", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///x">]>')}, "entity"),
        ({"OEBPS/book.opf": '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>'}, "entity"),
        ({"OEBPS/one.xhtml": page("&unknown;")}, "&unknown; is not defined"),
        ({"OEBPS/one.xhtml": page("<div>" * 300 + "</div>" * 300)}, "nested more than 200 deep"),
        ({"OEBPS/one.xhtml": page("<img/>"), "OEBPS/two.xhtml": page("")}, "nothing that a voice can speak"),
        ({"META-INF/encryption.xml": '<encryption><CipherReference URI="OEBPS/one.xhtml"/></encryption>'},
         "one.xhtml' in the EPUB is encrypted"),
    ],
)  # fmt: skip
def test_what_is_refused(changed: dict[str, str | None], message: str) -> None:
    files = {name: content for name, content in {**GOOD, **changed}.items() if content is not None}
    with pytest.raises(InvalidRequestError, match=message):
        read(files)


def test_encrypted_fonts_do_no_harm() -> None:
    font = '<encryption><CipherReference URI="OEBPS/font.otf"/></encryption>'
    assert read({**GOOD, "META-INF/encryption.xml": font}).chapters


def test_encrypted_and_linked_entries() -> None:
    content = bytearray(packed(GOOD).getvalue())
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + flags] |= 1
    with pytest.raises(InvalidRequestError, match="encrypted"):
        read(io.BytesIO(bytes(content)))
    link = zipfile.ZipInfo("OEBPS/one.xhtml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = packed({name: each for name, each in GOOD.items() if name != link.filename})
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidRequestError, match="is a link"):
        read(out)
    with pytest.raises(InvalidRequestError, match="method 12"):
        read(packed(GOOD, zipfile.ZIP_BZIP2))


@pytest.mark.parametrize("keep", [10, 100, 500, 1000])
def test_half_a_file(keep: int) -> None:
    with pytest.raises(InvalidRequestError):
        read(io.BytesIO(packed(GOOD).getvalue()[:keep]))


def test_wrong_bytes_are_an_error_of_the_callers() -> None:
    content = packed(GOOD).getvalue()
    statuses = set()
    for at in range(4, len(content), 7):
        broken = bytearray(content)
        broken[at] ^= 0xFF
        statuses.add(status_of(bytes(broken)))
    assert statuses <= {200, 400, 413}
    assert {200, 400} <= statuses


def status_of(content: bytes) -> int:
    try:
        read(io.BytesIO(content))
    except ServiceError as error:
        return error.status
    return 200


def bombs() -> dict[str, io.BytesIO]:
    """By the limit that each is over."""
    blank = b" " * (9 << 20)
    many = {f"p{number}": f"p{number}.xhtml" for number in range(6)}
    pages = {f"OEBPS/{name}": page(f"<!--{'x' * (7 << 20)}--><p>a</p>") for name in many.values()}
    return {
        "8 MiB": packed({**GOOD, "OEBPS/one.xhtml": page("<p>a</p>").encode() + blank}),
        "200 times": packed({**GOOD, "OEBPS/one.xhtml": page(f"<p>{'a ' * (2 << 20)}</p>")}),
        "32 MiB": packed({**GOOD, "OEBPS/book.opf": opf(many), **pages}, zipfile.ZIP_STORED),
        "1 MiB": packed({**GOOD, **{f"x/{number:06}{'n' * 60}": b"" for number in range(9_500)}}),
    }


def test_zip_bombs() -> None:
    """None takes much more memory than the limits allow."""
    for limit, bomb in bombs().items():
        tracemalloc.start()
        try:
            with pytest.raises(UploadTooLargeError, match=f"at most {limit} are accepted"):
                read(bomb)
            assert tracemalloc.get_traced_memory()[1] < 4 * limits.MOST_ENTRY_BYTES
        finally:
            tracemalloc.stop()


def test_what_is_not_read_may_be_large() -> None:
    assert read({**GOOD, "OEBPS/picture.png": b" " * (9 << 20)}).chapters


def test_a_size_that_lies() -> None:
    """The directory says 10 bytes, and the file unpacks to 9 MiB."""
    content = bytearray(packed({**GOOD, "OEBPS/one.xhtml": b" " * (9 << 20)}).getvalue())
    for mark, size, name in ((b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)):
        at = (
            content.find(b"OEBPS/one.xhtml", content.find(mark))
            if mark == b"PK\x03\x04"
            else content.rfind(b"OEBPS/one.xhtml")
        )
        struct.pack_into("<L", content, at - name + size, 10)
    assert status_of(bytes(content)) in {400, 413}

"""PDF to text. A PDF holds lines, not sentences; full lines of Japanese are joined again, and that is all."""

import io
import logging
import re
import unicodedata
from typing import TYPE_CHECKING

from rag.errors import ImportFailed
from rag.importing.draft import Draft

if TYPE_CHECKING:
    from pypdf import PdfReader

_MAX_PAGES = 2000
_MAX_CHARACTERS = 10_000_000
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
_MAX_UNREADABLE_SHARE = 0.01
_JAPANESE_END = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff々〆、，％０-９Ａ-Ｚａ-ｚ]$")
_JAPANESE_START = re.compile(
    r"[\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u9fff\uf900-\ufaff々「『（、。，．」』）０-９Ａ-Ｚａ-ｚ]"
)
# A line is full, and so may have been cut by the layout, when it is nearly as wide as the widest of its page.
_FULL_SHARE = 0.9
# Narrower than 20 full-width characters: a table, a list or a title page rather than running text.
_MIN_COLUMNS = 40
_NOT_A_TITLE = re.compile(
    r"(untitled|無題|文書|document)[\s\-_(]*\d*\)?$|microsoft "
    r"|.*\.(docx?|xlsx?|pptx?|pdf|indd|jtdc?|txt|html?)$",
    re.IGNORECASE,
)


def read_pdf(data: bytes) -> Draft:
    """The text of a PDF, pages separated by a blank line, and its title where it has a meaningful one.

    Raises `ImportFailed` for damaged, encrypted and image-only files, and for fonts that do not say which
    characters they show.
    """
    # Its warnings about odd files mean nothing to a user; failures reach them as ImportFailed.
    logging.getLogger("pypdf").addHandler(logging.NullHandler())
    try:
        reader = _open(data)
        pages = _pages(reader)
        title = _title(reader)
    except ImportFailed:
        raise
    except Exception as error:  # pypdf lets errors of many kinds out of damaged files
        raise ImportFailed(
            f"PDF を読めませんでした({type(error).__name__}: {str(error)[:120]})。",
            "PDF ビューアーで開けるか確認し、開ける場合は「PDF として保存(印刷)」し直してください。",
            en=(
                f"The PDF cannot be read ({type(error).__name__}: {str(error)[:120]}).",
                "Check that a viewer opens it; if so, save it as PDF (print) again.",
            ),
        ) from error
    return Draft(text=_readable("\n\n".join(filter(None, map(join_lines, pages)))), title=title)


def join_lines(page: str) -> str:
    """Joins a line to the next one when the layout cut a Japanese sentence there.

    All of this must hold: the line is at least 90% as wide as the widest of the page (which is at least 20
    full-width characters wide), ends in a Japanese character that does not end a sentence, and the next line
    begins with a Japanese character that is not a bullet.
    """
    lines = [line.strip(" \t\r\f") for line in page.split("\n")]
    widest = max(map(_columns, lines), default=0)
    joined = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        cut = (
            widest >= _MIN_COLUMNS
            and _columns(line) >= _FULL_SHARE * widest
            and _JAPANESE_END.search(line)
            and _JAPANESE_START.match(following)
        )
        joined += line if cut else line + "\n"
    return re.sub(r"\n{3,}", "\n\n", joined).strip("\n")


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(ch) in "FWA" else 1 for ch in line)


def _open(data: bytes) -> "PdfReader":
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        raise ImportFailed(
            "PDF が暗号化されています(パスワード、または編集・コピーの制限)。",
            "制限を解除した PDF を用意するか、本文を .txt に保存して取り込んでください。",
            en=(
                "The PDF is encrypted (by a password, or against editing or copying).",
                "Get one without restrictions, or save the text as .txt and import that.",
            ),
        )
    return reader


def _pages(reader: "PdfReader") -> list[str]:
    if len(reader.pages) > _MAX_PAGES:
        raise ImportFailed(
            f"PDF のページが多すぎます({len(reader.pages)} ページ、上限 {_MAX_PAGES})。",
            "分割して取り込んでください。",
            en=(f"The PDF has too many pages ({len(reader.pages)}, at most {_MAX_PAGES}).", "Split it."),
        )
    pages: list[str] = []
    for page in reader.pages:
        pages.append(page.extract_text())
        if sum(map(len, pages)) > _MAX_CHARACTERS:
            raise ImportFailed(
                "PDF の本文が長すぎます(上限 1,000 万文字)。",
                "分割して取り込んでください。",
                en=("The text of the PDF is too long (at most 10 million characters).", "Split it."),
            )
    return pages


def _readable(text: str) -> str:
    if not text.strip():
        raise ImportFailed(
            "PDF に文字の情報がありません(画像だけの PDF のようです)。",
            "OCR で文字認識した PDF かテキストを用意して取り込んでください。",
            en=(
                "The PDF holds no text (it seems to be images only).",
                "Get one with recognised text (OCR), or a text file.",
            ),
        )
    unreadable = len(_UNREADABLE.findall(text))
    if unreadable > _MAX_UNREADABLE_SHARE * len(text):
        raise ImportFailed(
            "PDF の文字を読み取れません(フォントに文字の対応表がないようです)。",
            "作成元の文書から PDF を作り直すか、本文を .txt に保存して取り込んでください。",
            en=(
                "The characters of the PDF cannot be read (its fonts seem to have no mapping to characters).",
                "Make the PDF anew from its document, or save the text as .txt and import that.",
            ),
        )
    # The few left are marks of the layout without a meaning; a NUL would not survive every store.
    return re.sub("[\x00-\x08\x0e-\x1f]", "", text)


def _title(reader: "PdfReader") -> str | None:
    title = reader.metadata.title if reader.metadata else None
    clean = re.sub(r"\s+", " ", title or "").strip()
    return clean if clean and not _NOT_A_TITLE.match(clean) and not _UNREADABLE.search(clean) else None

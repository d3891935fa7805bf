"""PDF to articles, with small PDFs written here."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.errors import ImportFailed
from rag.importing import import_file
from rag.importing.pdf import join_lines

URL = "https://news.example.com/2026/01/library"


def write(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def refusal(path: Path, **given: str) -> ImportFailed:
    with pytest.raises(ImportFailed) as caught:
        import_file(path, **given)
    assert caught.value.hint
    return caught.value


def minimal_pdf(pages: Sequence[Sequence[str]], title: str = "") -> bytes:
    """A PDF that shows lines of Japanese with a composite font whose character codes are UTF-16."""
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        + "".join(f"1 beginbfrange <{i:02X}00> <{i:02X}FF> <{i:02X}00> endbfrange\n" for i in range(256))
        + "endcmap end end"
    )
    count = len(pages)
    kids = " ".join(f"{8 + 2 * i} 0 R" for i in range(count))
    info = f"<< /Title <FEFF{title.encode('utf-16-be').hex()}> >>" if title else "<< >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /M /Encoding /Identity-H"
        " /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /M /DW 1000 /FontDescriptor 5 0 R"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        "<< /Type /FontDescriptor /FontName /M /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0"
        " /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        info,
    ]
    for i, lines in enumerate(pages):
        shown = " ".join(f"<{line.encode('utf-16-be').hex()}> Tj T*" for line in lines)
        stream = f"BT /F1 10 Tf 14 TL 40 800 Td {shown} ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {9 + 2 * i} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    return assembled(objects)


def assembled(objects: Sequence[str]) -> bytes:
    data, offsets = b"%PDF-1.5\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("ascii")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return data + (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {size} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    ).encode("ascii")


def test_pdf_pages_and_cut_lines_become_text(tmp_path: Path) -> None:
    lines = [
        "夜間開館の実施について",
        "港町の中央図書館は、四月から夜間開館を始めることを決め、利用者に知らせた。開館は平",
        "日の午後九時までで、費用は年に千二百万円と見込まれている。",
        "一、月曜は休館とする。",
    ]
    article = import_file(
        write(tmp_path, "a.pdf", minimal_pdf([lines, ["二頁目の文。"]], "夜間開館の告知")), url=URL
    )
    assert article.text == f"{lines[0]}\n{lines[1]}{lines[2]}\n{lines[3]}\n\n二頁目の文。"
    assert (article.title, article.title_is_descriptive, article.lang) == ("夜間開館の告知", False, "ja")


@pytest.mark.parametrize("title", ["Microsoft Word - 告知.docx", "無題", "Untitled-1", "kokuchi_v2.pdf", ""])
def test_a_pdf_title_that_means_nothing_is_not_used(tmp_path: Path, title: str) -> None:
    article = import_file(write(tmp_path, "a.pdf", minimal_pdf([["夜間開館の告知"]], title)), url=URL)
    assert (article.title, article.title_is_descriptive) == ("夜間開館の告知", True)


def test_image_only_encrypted_and_damaged_pdfs_are_refused(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(tmp_path / "blank.pdf")
    assert "画像だけ" in refusal(tmp_path / "blank.pdf", url=URL).message
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    assert "暗号化" in refusal(tmp_path / "locked.pdf", url=URL).message
    whole = minimal_pdf([["夜間開館の告知"]])
    for name, data in (
        ("text.pdf", b"just text"),
        ("cut.pdf", whole[:200]),
        ("noise.pdf", b"%PDF-1.5\n" + b"\xff" * 99),
    ):
        refusal(write(tmp_path, name, data), url=URL)


def test_pdf_of_unmapped_glyphs_is_refused(tmp_path: Path) -> None:
    assert (
        "読み取れません"
        in refusal(write(tmp_path, "a.pdf", minimal_pdf([["\ue001\ue002\ue003"]])), url=URL).message
    )


def test_lines_are_joined_only_where_the_layout_cut_a_sentence() -> None:
    full = "あ" * 25
    assert join_lines(f"{full}\nいう。") == f"{full}いう。"
    assert join_lines(f"{full}。\nいう。") == f"{full}。\nいう。"
    assert join_lines(f"{full}\n\nいう。") == f"{full}\n\nいう。"
    assert join_lines(f"{full}\n・いう") == f"{full}\n・いう"
    assert join_lines(f"{full}\n\u3000いう") == f"{full}\n\u3000いう"
    assert join_lines(f"見出し\n{full}\nいう") == f"見出し\n{full}いう"
    assert join_lines("短い行\n次の行") == "短い行\n次の行"
    assert join_lines("word " * 20 + "\nnext") == ("word " * 20).rstrip() + "\nnext"

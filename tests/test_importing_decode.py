"""Decoding is exact or refused: no encoding may lose or invent a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ImportFailed
from rag.importing import decode
from rag.importing.decode import decode_declared, html_charset

SENTENCES = (
    "港町の図書館は、四月から夜間開館を始める。",
    "利用者は前年より12%多い3,400人だった。",
    "「静かな場所がほしい」と学生は話す。",
    "新しい検索機能はWindowsとmacOSで使える!",
    "カウンターの受付は午後9時まで(日曜を除く)。",
    "半角のｶﾀｶﾅで書かれた札も残っている。",
)
LEGACY = ("cp932", "shift_jis", "euc_jp", "iso2022_jp_ext")
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-32")

# Prose: whole sentences, and fragments of words with at least eight characters.
prose = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6).map("\n".join)
hiragana = st.characters(min_codepoint=0x3042, max_codepoint=0x3093)
katakana = st.characters(min_codepoint=0x30A2, max_codepoint=0x30F3)
kanji = st.sampled_from("図書館夜間開始利用者港町本棚静所学生話今年春秋市民会議室電話番号資料")
ascii_letters = st.sampled_from("ABCabc123 ,.%\r\n")
words = st.lists(st.one_of(hiragana, katakana, kanji, hiragana, ascii_letters), min_size=8, max_size=200)
fragments = words.map("".join).filter(lambda text: sum(ch > "\u3000" for ch in text) >= 4)


def text_or_refusal(data: bytes, declared: str | None = None) -> str | ImportFailed:
    try:
        return decode(data, declared)
    except ImportFailed as error:
        return error


@pytest.mark.parametrize("encoding", [*LEGACY, *UNICODE])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_encoding_is_recognised_without_a_declaration(encoding: str, sentence: str) -> None:
    assert decode(sentence.encode(encoding)) == sentence


@given(text=st.one_of(prose, fragments), encoding=st.sampled_from(UNICODE))
def test_unicode_encodings_round_trip(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@given(text=st.one_of(prose, fragments), encoding=st.sampled_from(LEGACY))
def test_declared_legacy_encodings_round_trip(text: str, encoding: str) -> None:
    declared = {"cp932": "windows-31j", "iso2022_jp_ext": "iso-2022-jp"}.get(encoding, encoding)
    assert decode(text.encode(encoding), declared) == text


@given(text=prose, encoding=st.sampled_from(LEGACY))
def test_undeclared_legacy_prose_round_trips(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@given(text=fragments.filter(lambda text: any("\u3041" <= ch <= "\u3093" for ch in text)))
def test_undeclared_fragments_are_right_or_refused(text: str) -> None:
    for encoding in LEGACY:
        read = text_or_refusal(text.encode(encoding))
        assert read == text or "UTF-8" in getattr(read, "hint", "")


@given(data=st.binary(max_size=300), declared=st.sampled_from([None, "utf-8", "shift_jis", "euc-jp"]))
def test_any_bytes_are_text_without_replacements_or_an_import_error(
    data: bytes, declared: str | None
) -> None:
    read = text_or_refusal(data, declared)
    if isinstance(read, ImportFailed):
        assert read.message
        assert read.hint
    else:
        assert "\0" not in read
        assert "\ufffd" not in read or any(
            mark in data for mark in (b"\xef\xbf\xbd", b"\xff\xfd", b"\xfd\xff")
        )


@pytest.mark.parametrize(
    "text", ["夜間開館です。", "今日は雨だ。", "これはﾃｽﾄ。", "①番目の㈱みなと", "髙橋さんと﨑山さん"]
)
def test_short_texts_and_vendor_characters_in_cp932(text: str) -> None:
    assert decode(text.encode("cp932")) == text


def test_shift_jis_declared_means_cp932() -> None:
    assert decode("①㈱髙".encode("cp932"), "Shift_JIS") == "①㈱髙"


def test_vendor_characters_in_euc_jp() -> None:
    data = "これは".encode("euc_jp") + bytes.fromhex("ada1 adea fce2") + "です。".encode("euc_jp")
    assert decode(data, "EUC-JP") == decode(data) == "これは①㈱髙です。"


def test_line_endings_and_widths_are_kept() -> None:
    text = "一行目\r\n二行目\r三行目\n\u3000ＡＢＣ１２３ｱｲｳ\t~"
    assert decode(text.encode("cp932")) == text
    assert decode(text.encode()) == text


def test_only_the_byte_order_mark_is_removed() -> None:
    assert decode("\ufeff\ufeff見出し".encode()) == "\ufeff見出し"
    assert decode("\ufeff".encode()) == ""


def test_a_wrong_declaration_does_not_break_utf8_nor_iso_2022_jp() -> None:
    for wrong in ("iso-8859-1", "shift_jis", "euc-jp", "gbk", "no-such-charset", "unicode_escape"):
        assert decode(SENTENCES[0].encode(), wrong) == SENTENCES[0]
        assert decode(SENTENCES[0].encode("iso2022_jp"), wrong) == SENTENCES[0]


def test_the_next_declaration_is_used_when_the_first_does_not_fit() -> None:
    assert decode_declared(SENTENCES[0].encode("cp932"), ["utf-8", "shift_jis"]) == SENTENCES[0]


def test_a_declared_western_charset_is_honoured() -> None:
    assert decode("café à la crème".encode("latin-1"), "iso-8859-1") == "café à la crème"


def test_codecs_that_would_rewrite_the_text_are_not_honoured() -> None:
    assert decode(rb"\u3042 and \n", "unicode_escape") == r"\u3042 and \n"
    assert decode(b"+MEI-", "utf-7") == "+MEI-"


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("図書館".encode() + b"\xff", "9"),
        (b"\xef\xbb\xbf" + "図書館".encode() + b"\xff", "12"),
        (b"\xff\xfe\x42\x30\x00\xd8", "4"),
    ],
)
def test_undecodable_bytes_are_refused_with_their_offset(data: bytes, offset: str) -> None:
    with pytest.raises(ImportFailed) as caught:
        decode(data, "utf-8")
    assert f"先頭から {offset} バイト" in caught.value.message
    assert "UTF-8" in caught.value.hint


@pytest.mark.parametrize("byte", [0x80, 0xA0, 0xFD, 0xFE, 0xFF])
def test_bytes_that_cp932_does_not_define_are_refused(byte: int) -> None:
    with pytest.raises(ImportFailed):
        decode("これは文です。".encode("cp932") + bytes([byte]), "shift_jis")


@pytest.mark.parametrize("data", [b"abc\0def", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "図\0書".encode(), b"\0"])
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(ImportFailed, match="バイナリ"):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        "Maß und Öl".encode("cp1252"),
        ("这是一个关于图书馆的句子。" * 3).encode("gbk"),
        ("도서관은 밤에 문을 엽니다. " * 3).encode("euc_kr"),
    ],
)
def test_other_languages_are_not_read_as_japanese(data: bytes) -> None:
    with pytest.raises(ImportFailed):
        decode(data)


@pytest.mark.parametrize(
    ("html", "charset"),
    [
        (b'<html><meta charset="Shift_JIS">', "Shift_JIS"),
        (b"<META http-equiv='Content-Type' content='text/html; charset=EUC-JP'>", "EUC-JP"),
        (b'<?xml version="1.0" encoding="UTF-8"?><html>', "UTF-8"),
        (b"<html><body>charset=nothing</body>", None),
        (b" " * 5000 + b'<meta charset="utf-8">', None),
    ],
)
def test_the_charset_of_a_page(html: bytes, charset: str | None) -> None:
    assert html_charset(html) == charset

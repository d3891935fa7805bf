"""Bytes to text, exactly: what cannot be decoded strictly is refused, never dropped or replaced."""

import codecs
import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from rag.errors import ImportFailed

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's shift_jis lacks ①, ㈱ and 髙, which real files are full of; cp932 is what they are written in.
_CP932_NAMES = re.compile(r"shift[_-]jis|(x-)?sjis|ms_kanji|csshiftjis|(cs)?windows-?31j|(cp|ms)932")
_DECLARABLE = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|euc-?jp|iso-2022-jp(-\w+)?|us-ascii|iso-8859-\d+|windows-125\d"
    r"|gb2312|gbk|gb18030|big5|euc-?kr|koi8-[ru]"
)
_ISO_2022_JP = re.compile(rb"\x1b(\$[@B]|\$\(D|\([IJ])")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:\-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9_:\-]+)""")
_META_WINDOW_BYTES = 4096
_SCORED_CHARACTERS = 20_000
# Full-width punctuation and forms, circled numbers, ㈱ and the like.
_SIGNS = re.compile(r"[\u3000-\u303f\uff01-\uff5e\uffe0-\uffe6\u2460-\u2473\u3200-\u33ff]")
_MIN_SCORE = 0.5
_MIN_LEAD = 0.25
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_MAX_CHARACTERS_WITHOUT_KANA = 12
_HINT = (
    "文字コードを UTF-8 に変換してから取り込んでください"
    "(例: iconv -f CP932 -t UTF-8 元.txt > 新.txt、またはエディタの「UTF-8 で保存」)。"
)
_HINT_EN = "Convert it to UTF-8 first (as in: iconv -f CP932 -t UTF-8 old.txt > new.txt, or with an editor)."


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data`, unchanged but for a leading byte order mark; line endings stay as they are.

    `declared` is the charset an HTTP header or a `<meta>` names. It is used when the bytes really decode with
    it; text that is unmistakably UTF-8 or ISO-2022-JP is read as that whatever was declared. Without a usable
    declaration UTF-8, CP932 and EUC-JP are told apart by what they would say. Raises `ImportFailed` for
    binary data and for bytes that no encoding explains (with the offset of the first bad one), or that two
    explain equally well.
    """
    return decode_declared(data, [declared] if declared else [])


def decode_declared(data: bytes, labels: Sequence[str]) -> str:
    """Like `decode`, with several declared charsets; the first one that fits wins. Raises `ImportFailed`."""
    text = _decode(data, labels)
    at = text.find("\0")
    if at >= 0:
        raise ImportFailed(
            f"テキストではなくバイナリのデータです({at + 1} 文字目に NUL 文字があります)。",
            "本文を UTF-8 のテキストとして保存し直してください。PDF の場合は拡張子を .pdf にしてください。",
            en=(
                f"This is binary data and no text (character {at + 1} is NUL).",
                "Save it as UTF-8 text. If it is a PDF, let its name end in .pdf.",
            ),
        )
    return text


def html_charset(data: bytes) -> str | None:
    """The charset that an HTML page declares in its first 4,096 bytes, if it does."""
    head = data[:_META_WINDOW_BYTES]
    match = _META_CHARSET.search(head) or _XML_ENCODING.search(head)
    return match[1].decode("ascii") if match else None


def _decode(data: bytes, labels: Sequence[str]) -> str:
    certain = _certain(data)
    errors: list[UnicodeDecodeError] = []
    if certain:
        text = _first([(codec, data) for codec in certain], errors)
        return text.removeprefix("\ufeff") if text is not None else _refuse(errors, data)
    utf8 = _first([("utf-8", data)], errors)
    if utf8 is not None and (data.isascii() or max(utf8) >= "\u0800"):
        # Three-byte sequences do not come about by chance, so a header that says otherwise is wrong.
        return utf8
    stated = _first([(codec, data) for label in labels if (codec := _codec(label))], errors)
    if stated is not None:
        return stated
    return utf8 if utf8 is not None else _detect(data, errors)


def _certain(data: bytes) -> tuple[str, ...]:
    """Codecs that the bytes themselves name, by a byte order mark or by escape sequences."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return (codec,)
    # ISO-2022-JP is ASCII, and so valid UTF-8, byte by byte; read as that it would be noise.
    return ("iso2022_jp", "iso2022_jp_ext") if data.isascii() and _ISO_2022_JP.search(data) else ()


def _codec(label: str) -> str | None:
    name = label.strip().strip("\"'").lower()
    if _CP932_NAMES.fullmatch(name):
        return "cp932"
    # An allow-list: Python also knows "encodings" such as unicode_escape that would rewrite the text.
    name = {"us-ascii": "windows-1252", "iso-8859-1": "windows-1252"}.get(name, name)
    name = re.sub(r"^x-(?=euc)", "", name)
    return name if _DECLARABLE.fullmatch(name) else None


def _first(attempts: Sequence[tuple[str, bytes]], errors: list[UnicodeDecodeError]) -> str | None:
    for codec, data in attempts:
        try:
            return _strict(data, codec)
        except UnicodeDecodeError as error:
            errors.append(error)
        except LookupError:
            continue
    return None


def _strict(data: bytes, codec: str) -> str:
    if codec.replace("-", "").replace("_", "") == "eucjp":
        return data.decode("euc_jp", _EUC_EXTENSIONS)
    text = data.decode(codec)
    if codec == "cp932" and (bad := re.search("[\x80\uf8f0-\uf8f3]", text)):
        # Python reads these five undefined bytes as characters of its own making.
        at = len(text[: bad.start()].encode("cp932"))
        raise UnicodeDecodeError(codec, data, at, at + 1, "undefined byte")
    return text


def _euc_extension(error: UnicodeError) -> tuple[str, int]:
    """Reads the NEC and IBM characters (①, ㈱, 髙) of EUC-JP as it is written, which Python leaves out."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if len(pair) < 2 or min(pair) < 0xA1:
        raise error
    row, cell = pair[0] - 0xA0, pair[1] - 0xA0
    lead = (row - 1) // 2 + (0x81 if row <= 62 else 0xC1)
    trail = cell + (0x9E if row % 2 == 0 else 0x3F if cell <= 63 else 0x40)
    try:
        return bytes((lead, trail)).decode("cp932"), error.start + 2
    except UnicodeDecodeError:
        raise error from None


_EUC_EXTENSIONS = "rag.euc-jp-extensions"
codecs.register_error(_EUC_EXTENSIONS, _euc_extension)


def _detect(data: bytes, errors: list[UnicodeDecodeError]) -> str:
    readings = (_first([(codec, data)], errors) for codec in ("cp932", "euc-jp"))
    ranked = sorted(((_score(text), text) for text in readings if text is not None), reverse=True)
    if not ranked:
        _refuse(errors, data)
    score, text = ranked[0]
    lead = score - ranked[1][0] if len(ranked) > 1 else _MIN_LEAD
    foreign = sum(not ch.isascii() for ch in text[:_SCORED_CHARACTERS]) > _MAX_CHARACTERS_WITHOUT_KANA
    if score < _MIN_SCORE or lead < _MIN_LEAD or (foreign and not _KANA.search(text)):
        raise ImportFailed(
            "文字コードを判定できませんでした(日本語として読むと不自然です)。",
            _HINT,
            en=("The encoding cannot be told (what it reads as is no likely Japanese).", _HINT_EN),
        )
    return text


def _refuse(errors: Sequence[UnicodeDecodeError], data: bytes) -> NoReturn:
    furthest = max(errors, key=lambda error: error.start)
    if b"\0" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportFailed(
            f"テキストではなくバイナリのデータです({data.index(0) + 1} バイト目に NUL があります)。",
            "本文を UTF-8 のテキストとして保存し直してください。",
            en=(
                f"This is binary data and no text (byte {data.index(0) + 1} is NUL).",
                "Save it as UTF-8 text.",
            ),
        )
    raise ImportFailed(
        f"文字コードを読み取れません: {furthest.encoding} として読むと、"
        f"先頭から {furthest.start} バイトの位置(0 起点)に読めないバイトがあります。",
        _HINT,
        en=(
            f"The encoding cannot be told: as {furthest.encoding} there is an unreadable byte "
            f"{furthest.start} bytes from the beginning.",
            _HINT_EN,
        ),
    )


def _score(text: str) -> float:
    """How Japanese a reading looks: the mean weight of its characters, ASCII left out; prose is above 1."""
    weights = list(_weights(text[:_SCORED_CHARACTERS]))
    return sum(weights) / len(weights) if weights else 0.0


def _weights(text: str) -> Iterator[float]:
    previous = ""
    for ch in text:
        if not ch.isascii():
            yield _weight(ch, previous)
        previous = ch


def _weight(ch: str, previous: str) -> float:
    if "\u3040" <= ch <= "\u30ff":
        return 2.0
    if "\u4e00" <= ch <= "\u9fff":
        return _kanji_weight(ch, previous)
    if "\uff61" <= ch <= "\uff9f":
        # Written half-width katakana comes in runs; a stray one is a misread byte.
        return 1.0 if "\uff61" <= previous <= "\uff9f" else 0.0
    if _SIGNS.match(ch):
        return 1.0
    return -5.0 if "\ue000" <= ch <= "\uf8ff" else -1.0


def _kanji_weight(ch: str, previous: str) -> float:
    # JIS level 1 is rows 16 to 47; misread bytes land all over the table, prose hardly ever beyond.
    if not 0xB0 <= _lead(ch, "euc_jp") <= 0xCF:
        return -2.0
    # EUC-JP writes half-width katakana as 8E xx 8E xx, which CP932 reads as kanji that all start with 8E.
    return 0.0 if _lead(ch, "cp932") == _lead(previous, "cp932") == 0x8E else 1.5


def _lead(ch: str, codec: str) -> int:
    """The first byte of a character; 0 where the codec has no such character."""
    return (ch.encode(codec, "ignore") or b"\0")[0]
